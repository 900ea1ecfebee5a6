// The report of one scenario under several protocols.
import { chart, scale } from './chart.js';
import { element, section, table } from './element.js';
import { count, significant } from './format.js';

const chain_of = (run) => run.run.chains[0];
const series_name = (run, many) => (many ? `${run.protocol}, ${run.replicas} replicas` : run.protocol);

function groups_of(runs) {
  const many = new Set(runs.map((run) => run.replicas)).size > 1;
  const groups = new Map();
  for (const run of runs) {
    const name = series_name(run, many);
    if (!groups.has(name)) groups.set(name, []);
    groups.get(name).push(run);
  }
  return groups;
}

const columns = [
  { title: 'protocol', value: (r) => r.protocol }, { title: 'replicas', value: (r) => count(r.replicas) },
  { title: 'offered, tx/s', value: (r) => significant(chain_of(r).offered_tps) }, { title: 'committed, tx/s', value: (r) => significant(chain_of(r).throughput_tps) },
  { title: 'p50, ms', value: (r) => significant(chain_of(r).latency_ms?.p50) }, { title: 'p99, ms', value: (r) => significant(chain_of(r).latency_ms?.p99) },
  { title: 'decision, ms', value: (r) => significant(chain_of(r).decision_ms?.p50) },
  { title: 'messages a block', value: (r) => significant(chain_of(r).messages / Math.max(chain_of(r).blocks, 1)) },
  { title: 'bytes a transaction', value: (r) => significant(chain_of(r).network_bytes / Math.max(chain_of(r).committed, 1)) },
  { title: 'failed views', value: (r) => count(chain_of(r).view_changes) }, { title: 'saturated', value: (r) => (chain_of(r).saturated ? 'yes' : 'no') },
];

function latency_bars(runs) {
  const served = runs.filter((run) => chain_of(run).latency_ms);
  const best = served.reduce((a, b) => (chain_of(b).latency_ms.p50 < chain_of(a).latency_ms.p50 ? b : a));
  return chart(`${best.protocol} answers first: half of its transactions within ${significant(chain_of(best).latency_ms.p50)} ms`, {
    grid: { left: 60, right: 20, top: 36, bottom: 30 }, legend: { top: 0 }, xAxis: { type: 'category', data: served.map((run) => run.protocol) }, yAxis: { type: 'value', name: 'latency, ms' },
    tooltip: { trigger: 'item', valueFormatter: (v) => `${significant(v)} ms` },
    series: ['p50', 'p99'].map((id, index) => ({ name: id, type: 'bar', itemStyle: { color: scale[index] }, data: served.map((run) => chain_of(run).latency_ms[id]), label: { show: true, position: 'top', formatter: (p) => significant(p.value) } })),
  }, table('Latency, ms', [columns[0], columns[4], columns[5]], served));
}

function curves(groups, runs) {
  return chart('Latency rises with throughput, and steeply where a protocol is full', {
    grid: { left: 60, right: 20, top: 50, bottom: 44 }, legend: { top: 0 }, tooltip: { trigger: 'item' },
    xAxis: { type: 'value', name: 'committed, tx/s', nameLocation: 'middle', nameGap: 26 }, yAxis: { type: 'log', name: 'p50, ms' },
    series: [...groups].map(([name, members], index) => ({
      name, type: 'line', itemStyle: { color: scale[index % scale.length] },
      data: members.filter((run) => chain_of(run).latency_ms).map((run) => [chain_of(run).throughput_tps, chain_of(run).latency_ms.p50]),
    })),
  }, table('Points', columns.slice(0, 6), runs), 'tall');
}

export function compare(data) {
  document.getElementById('title').textContent = `Protocols compared: ${data.scenario}`;
  document.getElementById('subtitle').textContent = `${significant(data.simulated_seconds)} s simulated, the first ${significant(data.warmup_seconds)} s as warm-up, seed ${data.seed}; the same network, machines and load for all.`;
  document.title = `govchain: ${data.scenario}`;
  const groups = groups_of(data.runs);
  const points = Math.max(...[...groups.values()].map((members) => members.length));
  const parts = [];
  if (data.runs.some((run) => chain_of(run).latency_ms)) parts.push(points > 1 ? curves(groups, data.runs) : latency_bars(data.runs));
  else parts.push(element('p', { class: 'finding' }, 'None of what was offered became final.'));
  section('Side by side', parts, table('What each did', columns, data.runs));
  const broken = data.runs.flatMap((run) => run.run.violations.map((violation) => ({ ...violation, protocol: run.protocol })));
  if (broken.length) {
    section('Violations', table('Checked rules that were broken', [{ title: 'protocol', value: (v) => v.protocol }, { title: 'rule', value: (v) => v.rule }, { title: 'what', text: true, wide: true, value: (v) => v.detail }], broken.slice(0, 100)));
  }
  section('Reproduce', element('pre', {}, data.command), element('p', { class: 'note' }, `Model ${data.model_version}; digests ${data.runs.map((run) => `${run.protocol} ${run.run.digest.slice(0, 12)}`).join(', ')}.`));
}
