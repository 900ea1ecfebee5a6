// The report of one scenario on every network model.
import { chart, scale } from './chart.js';
import { element, section, table } from './element.js';
import { count, percent, significant } from './format.js';

const chain_of = (one) => one.run.chains[0];
// What is too small to be written has no sign.
const signed = (share) => `${Math.abs(share) < 1e-3 ? '' : share < 0 ? '−' : '+'}${percent(Math.abs(share))}`;

const columns = [
  { title: 'network', value: (one) => one.network },
  { title: 'committed, tx/s', value: (one) => significant(chain_of(one).throughput_tps) },
  { title: 'mean, ms', value: (one) => significant(chain_of(one).latency_ms?.mean) }, { title: 'p50, ms', value: (one) => significant(chain_of(one).latency_ms?.p50) },
  { title: 'p99, ms', value: (one) => significant(chain_of(one).latency_ms?.p99) }, { title: 'decision, ms', value: (one) => significant(chain_of(one).decision_ms?.p50) },
  { title: 'messages', value: (one) => count(chain_of(one).messages) }, { title: 'failed views', value: (one) => count(chain_of(one).view_changes) },
  { title: 'CPU seconds to simulate', value: (one) => significant(one.run.simulation.cpu_seconds) },
];

function latency_bars(data) {
  const served = data.networks.filter((one) => chain_of(one).latency_ms);
  const [fifo, fair] = data.networks;
  const both = [fifo, fair].every((one) => one && chain_of(one).latency_ms);
  const apart = both ? Math.abs(chain_of(fair).latency_ms.p50 / chain_of(fifo).latency_ms.p50 - 1) : 0;
  const finding = both ? `Sharing at once in place of one after the other changes p50 by ${percent(apart)}` : 'Latency by network model';
  return chart(finding, {
    grid: { left: 60, right: 20, top: 36, bottom: 30 }, legend: { top: 0 }, xAxis: { type: 'category', data: served.map((one) => one.network) }, yAxis: { type: 'value', name: 'latency, ms' },
    tooltip: { trigger: 'item', valueFormatter: (v) => `${significant(v)} ms` },
    series: ['p50', 'p99'].map((id, index) => ({ name: id, type: 'bar', itemStyle: { color: scale[index] }, data: served.map((one) => chain_of(one).latency_ms[id]), label: { show: true, position: 'top', formatter: (p) => significant(p.value) } })),
  }, table('Latency, ms', [columns[0], columns[3], columns[4]], served));
}

function transfer_bars(data) {
  const names = data.networks.map((one) => one.network);
  const series = [['closed form', (row) => row.closed_form_ms], ...names.map((name) => [name, (row) => row.measured_ms[name]])];
  return chart(`A transfer by itself, ${data.longest_way}`, {
    grid: { left: 60, right: 20, top: 36, bottom: 60 }, legend: { top: 0 },
    xAxis: { type: 'category', data: data.transfers.map((row) => row.what), axisLabel: { interval: 0, width: 150, overflow: 'break' } }, yAxis: { type: 'log', name: 'ms' },
    tooltip: { trigger: 'item', valueFormatter: (v) => `${significant(v)} ms` },
    series: series.map(([name, value], index) => ({ name, type: 'bar', itemStyle: { color: scale[index] }, data: data.transfers.map(value) })),
  }, table('Transfers, ms', [{ title: 'what', value: (row) => row.what }, ...series.map(([name, value]) => ({ title: name, value: (row) => significant(value(row)) }))], data.transfers), 'tall');
}

export function networks(data) {
  document.getElementById('title').textContent = `Network models compared: ${data.scenario}`;
  document.getElementById('subtitle').textContent = `${data.protocol}; ${significant(data.simulated_seconds)} s simulated, the first ${significant(data.warmup_seconds)} s as warm-up, seed ${data.seed}; the same load, machines and draws in all.`;
  document.title = `govchain: networks of ${data.scenario}`;
  const decision = data.closed_form?.decision_ms;
  const same = decision && decision.fastest_leader === decision.slowest_leader;
  section('Side by side',
    data.networks.some((one) => chain_of(one).latency_ms) ? latency_bars(data) : element('p', { class: 'finding' }, 'None of what was offered became final.'),
    table('What each model says', columns, data.networks),
    decision ? element('p', { class: 'note' }, `Closed form of a decision, propagation alone: ${significant(decision.fastest_leader)}${same ? '' : ` to ${significant(decision.slowest_leader)}`} ms${same ? '' : ', by who leads'}.`) : null);
  if (data.transfers.length) section('Transfers', transfer_bars(data));
  section('Where they differ', table('From one model to the next', [
    { title: 'from', value: (step) => step.from }, { title: 'to', value: (step) => step.to },
    { title: 'throughput', value: (step) => signed(step.throughput) }, { title: 'p50', value: (step) => signed(step.p50) }, { title: 'p99', value: (step) => signed(step.p99) },
    { title: 'cause', text: true, wide: true, value: (step) => step.cause },
  ], data.steps));
  const broken = data.networks.flatMap((one) => one.run.violations.map((violation) => ({ ...violation, network: one.network })));
  if (broken.length) {
    section('Violations', table('Checked rules that were broken', [{ title: 'network', value: (v) => v.network }, { title: 'rule', value: (v) => v.rule }, { title: 'what', text: true, wide: true, value: (v) => v.detail }], broken.slice(0, 100)));
  }
  section('Reproduce', element('pre', {}, data.command), element('p', { class: 'note' }, `Model ${data.model_version}; digests ${data.networks.map((one) => `${one.network} ${one.run.digest.slice(0, 12)}`).join(', ')}.`));
}
