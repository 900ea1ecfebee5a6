// The report of one simulation run.
import { accent, chart } from './chart.js';
import { element, section, table } from './element.js';
import { objectives } from './objectives.js';
import { bytes, count, percent, significant, words } from './format.js';

function counts_table(chain) {
  return table('Counts', [{ title: 'what', value: (r) => r[0] }, { title: 'value', value: (r) => r[1] }],
    [['submitted', count(chain.submitted)], ['committed', count(chain.committed)], ['refused', count(chain.refused)], ['timed out', count(chain.timed_out)], ['in flight at the end', count(chain.in_flight)],
      ['blocks', count(chain.blocks)], ['view changes', count(chain.view_changes)], ['messages', count(chain.messages)], ['sent', bytes(chain.network_bytes)], ['CPU of the busiest host', percent(chain.cpu_utilisation)], ['saturated', chain.saturated ? 'yes' : 'no']]);
}

function chain_section(chain) {
  const name = `${chain.id}: ${chain.protocol}, ${count(chain.replicas)} ${chain.replicas === 1 ? 'replica' : 'replicas'}`;
  // Nothing committed has no latency, and no chart of it.
  if (!chain.latency_ms) {
    section(name, element('p', { class: 'finding' }, `None of ${significant(chain.offered_tps)} transactions per second offered became final.`), counts_table(chain));
    return;
  }
  const finding = `${significant(chain.throughput_tps)} transactions per second of ${significant(chain.offered_tps)} offered became final, half within ${significant(chain.latency_ms.p50)} ms, 99 % within ${significant(chain.latency_ms.p99)} ms.`;
  const quantiles = ['mean', 'p50', 'p90', 'p99', 'p999', 'max'];
  const latency = chart(`Latency of ${chain.id}: p99 is ${significant(chain.latency_ms.p99 / Math.max(chain.latency_ms.p50, 1e-9))} times p50`, {
    grid: { left: 60, right: 20, top: 36, bottom: 30 }, xAxis: { type: 'category', data: quantiles }, yAxis: { type: 'value', name: 'latency, ms' },
    tooltip: { trigger: 'item', valueFormatter: (v) => `${significant(v)} ms` },
    series: [{ type: 'bar', itemStyle: { color: accent }, data: quantiles.map((id) => chain.latency_ms[id]), label: { show: true, position: 'top', formatter: (p) => significant(p.value) } }],
  }, table('Latency, ms', [{ title: 'quantile', value: (id) => id }, { title: 'ms', value: (id) => significant(chain.latency_ms[id]) }], quantiles));
  const parts = [element('p', { class: 'finding' }, finding), latency];
  const shares = Object.entries(chain.latency_shares ?? {});
  if (shares.length) {
    const largest = shares.reduce((a, b) => (b[1] > a[1] ? b : a));
    parts.push(chart(`${words(largest[0]) === 'cpu' ? 'CPU' : words(largest[0]).replace(/^./, (c) => c.toUpperCase())} takes ${percent(largest[1], 0)} of a millisecond`, {
      grid: { left: 90, right: 40, top: 10, bottom: 44 }, xAxis: { type: 'value', max: 100, name: '% of the mean latency', nameLocation: 'middle', nameGap: 26 }, yAxis: { type: 'category', inverse: true, data: shares.map(([id]) => words(id)) },
      series: [{ type: 'bar', itemStyle: { color: accent }, data: shares.map(([, value]) => value * 100), label: { show: true, position: 'right', formatter: (p) => `${significant(p.value)} %` } }],
    }, table('Shares of the mean latency', [{ title: 'part', value: (s) => words(s[0]) }, { title: 'share', value: (s) => percent(s[1]) }], shares)));
  }
  parts.push(counts_table(chain));
  section(name, parts);
}

export function run(data) {
  // Only processes have lines of their own to speak of.
  const live = data.links !== undefined;
  document.getElementById('title').textContent = `${live ? 'Live run' : 'Simulation'} of ${data.scenario}`;
  document.getElementById('subtitle').textContent = `${significant(data.simulated_seconds)} s ${live ? 'as processes on one machine' : 'simulated'}, the first ${significant(data.warmup_seconds)} s as warm-up, seed ${data.seed}.`;
  document.title = `govchain: ${data.scenario}`;
  const asked = objectives(data);
  if (asked.length) section('Objectives', asked);
  for (const chain of data.chains) chain_section(chain);
  if (data.services?.length > 1) {
    section('Services', table('What each service got', [{ title: 'service', value: (s) => s.id }, { title: 'completed', value: (s) => count(s.completed) }, { title: 'refused', value: (s) => count(s.refused) },
      { title: 'p50, ms', value: (s) => significant(s.latency_ms?.p50) }, { title: 'p99, ms', value: (s) => significant(s.latency_ms?.p99) }], data.services));
  }
  if (data.violations.length) {
    section('Violations', table('Checked rules that were broken', [{ title: 'rule', value: (v) => v.rule }, { title: 'at, s', value: (v) => significant(v.at_seconds) }, { title: 'what', text: true, wide: true, value: (v) => v.detail }], data.violations.slice(0, 100)));
  }
  if (data.resources?.length) {
    section('Resources', table('Use of capacity, busiest first', [{ title: 'resource', value: (r) => r.name }, { title: 'use', value: (r) => percent(r.utilisation) }], data.resources.slice(0, 40)));
  }
  section('Reproduce', element('pre', {}, data.command ?? `./govchain run ${data.scenario} --seed ${data.seed}`),
    element('p', { class: 'note' }, `Digest ${data.digest}; scenario ${data.scenario_hash}; model ${data.model_version}; ${count(data.simulation.messages)} messages, ${data.violations.length} violations.`));
}
