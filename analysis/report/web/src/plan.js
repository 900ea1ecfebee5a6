// The report of a plan: the answer first, then money, service, performance, assumptions, and how to reproduce it.
import { chart, colours, scale } from './chart.js';
import { behind, element, section, table } from './element.js';
import { billions, bytes, count, downtime, percent, sentence, significant, words } from './format.js';
import { answer } from './plan_answer.js';
import { assumptions } from './plan_assumptions.js';
import { places } from './plan_places.js';

// Lines must differ in print without colour.
const symbols = ['circle', 'rect', 'triangle', 'diamond', 'emptyCircle', 'emptyRect'];

function money(data) {
  const deployments = data.deployments;
  const items = [...new Set(deployments.flatMap((d) => d.cost_items.map((i) => i.id)))];
  const amount = (d, id) => d.cost_items.find((i) => i.id === id)?.mid ?? 0;
  items.sort((a, b) => Math.max(...deployments.map((d) => amount(d, b))) - Math.max(...deployments.map((d) => amount(d, a))));
  const dearest = [...deployments].sort((a, b) => b.cost.mid - a.cost.mid)[0];
  const first = [...dearest.cost_items].sort((a, b) => b.mid - a.mid)[0];
  const share = (d, id) => (d.cost.mid > 0 ? (100 * amount(d, id)) / d.cost.mid : 0);
  const by_item = chart(
    `${sentence(words(first.id))}: ${percent(first.mid / dearest.cost.mid, 0)} of the cost of the dearest deployment (${dearest.id}, ${billions(dearest.cost.mid)} bn CNY)`,
    {
      grid: { left: 160, right: 30, top: 90, bottom: 40 }, legend: { top: 0, type: 'plain', itemGap: 18, itemWidth: 14 },
      tooltip: { trigger: 'item', formatter: (p) => `${deployments[p.dataIndex].id}, ${p.seriesName}: ${billions(amount(deployments[p.dataIndex], items[p.seriesIndex]))} bn CNY` },
      xAxis: { type: 'value', max: 100, name: '% of the cost of each deployment; its amount in bn CNY stands beside its name', nameLocation: 'middle', nameGap: 26 },
      yAxis: { type: 'category', inverse: true, data: deployments.map((d) => `${d.id}  ${billions(d.cost.mid)}`) },
      color: scale,
      series: items.map((id) => ({ name: words(id), type: 'bar', stack: 'cost', itemStyle: { borderColor: '#fff', borderWidth: 0.5 }, data: deployments.map((d) => share(d, id)) })),
    },
    table('Cost by item, bn CNY, mean of the draws',
      [{ title: 'item', value: (id) => words(id) }, ...deployments.map((d) => ({ title: d.id, value: (id) => billions(amount(d, id)) }))], items), 'tall');

  const years = deployments[0].cost_by_year.map((_, i) => i + 1);
  const first_share = (d) => d.cost_by_year[0].mid / d.cost.mid;
  const cheapest = [...deployments].sort((a, b) => a.cost.mid - b.cost.mid)[0];
  const amounts = deployments.flatMap((d) => d.cost_by_year.map((y) => y.mid));
  const wide = Math.min(...amounts) > 0 && Math.max(...amounts) > 20 * Math.min(...amounts);
  const by_year = chart(
    `${sentence(cheapest.id)} spends ${percent(first_share(cheapest), 0)} of its money in the first of ${years.length} years, ${dearest.id} ${percent(first_share(dearest), 0)}`,
    {
      grid: { left: 60, right: 20, top: 64, bottom: 40 }, legend: { top: 0 },
      tooltip: { trigger: 'axis', valueFormatter: (v) => `${significant(v)} bn CNY` },
      xAxis: { type: 'category', data: years, name: 'year of the plan', nameLocation: 'middle', nameGap: 26 },
      yAxis: { type: wide ? 'log' : 'value', name: `bn CNY, present value${wide ? ', log scale' : ''}`, nameTextStyle: { align: 'left' }, axisLabel: { formatter: (v) => `${v}` } },
      series: deployments.map((d, i) => ({ name: d.id, type: wide ? 'line' : 'bar', symbol: symbols[i], symbolSize: 9, lineStyle: { color: colours[d.id] }, itemStyle: { color: colours[d.id] }, data: d.cost_by_year.map((y) => y.mid / 1e9) })),
    },
    table('Cost by year, bn CNY, present value',
      [{ title: 'year', value: (y) => y }, ...deployments.map((d) => ({ title: d.id, value: (y) => billions(d.cost_by_year[y - 1].mid) }))], years));

  const levels = table('Who pays, bn CNY',
    [{ title: 'level', value: (id) => id }, ...deployments.map((d) => ({ title: d.id, value: (id) => billions((d.cost_by_level ?? []).find((l) => l.id === id)?.mid ?? 0) }))],
    [...new Set(deployments.flatMap((d) => (d.cost_by_level ?? []).map((l) => l.id)))]);
  section('Money', by_item, by_year, behind('By level of government', levels),
    data.not_priced?.length ? element('p', { class: 'note' }, `Not priced: ${data.not_priced.join('; ')}.`) : null);
}

function service(data) {
  // The model counts what the hub does without a clerk as by hand, because no chain vouches for it; here it has its own bar.
  const kinds = [['on_chain', 'on chain', '#0059a8'], ['centrally', 'by the hub, no clerk', '#7a8791'], ['clerks', 'by hand', '#b58900'], ['unserved', 'not at all', '#b02a1a']];
  for (const d of data.deployments) d.cases.clerks = d.cases.by_hand - (d.cases.centrally ?? 0);
  const total = (d) => kinds.reduce((sum, [id]) => sum + (d.cases[id] ?? 0), 0);
  const best = [...data.deployments].sort((a, b) => b.cases.on_chain / total(b) - a.cases.on_chain / total(a))[0];
  const cases = chart(
    `${sentence(best.id)} serves most on chain: ${percent(best.cases.on_chain / total(best))} of ${significant(total(best) / 1e9)} bn cases a year`,
    {
      grid: { left: 110, right: 40, top: 40, bottom: 40 }, legend: { top: 0 },
      tooltip: { trigger: 'item', formatter: (p) => `${p.name}, ${p.seriesName}: ${percent(p.value / 100, 2)}` },
      xAxis: { type: 'value', max: 100, name: '% of the cases offered, the same for all', nameLocation: 'middle', nameGap: 26 },
      yAxis: { type: 'category', inverse: true, data: data.deployments.map((d) => d.id) },
      series: kinds.map(([id, name, color]) => ({ name, type: 'bar', stack: 'cases', itemStyle: { color }, data: data.deployments.map((d) => (100 * (d.cases[id] ?? 0)) / total(d)) })),
    },
    table('Cases a year', [{ title: 'deployment', value: (d) => d.id }, ...kinds.map(([id, name]) => ({ title: name, value: (d) => count(d.cases[id] ?? 0) })), { title: 'all', value: (d) => count(total(d)) }], data.deployments));
  const rows = data.deployments.flatMap((d) => (d.services ?? []).map((s) => ({ deployment: d.id, ...s })));
  const level = rows.length ? behind('Every service in every deployment', table('Service level, simulated at the peak',
    [{ title: 'service', text: true, value: (s) => s.id }, { title: 'deployment', text: true, value: (s) => s.deployment },
      { title: 'on chain, cases a year', value: (s) => count(s.cases?.on_chain ?? 0) },
      { title: 'p99, ms', value: (s) => (s.latency_ms?.p99 ? significant(s.latency_ms.p99) : '–') },
      { title: 'limit, ms', value: (s) => significant(s.p99_limit_ms) },
      { title: 'held', value: (s) => element('span', { class: s.met ? 'ok' : 'not' }, s.met === undefined ? '–' : s.met ? '✓' : '✗') }], rows)) : null;
  section('Service', cases, level);
}

function performance(data) {
  const chains = data.deployments.filter((d) => d.latency_ms);
  const slowest = [...chains].sort((a, b) => b.latency_ms.p99 - a.latency_ms.p99)[0];
  const latency = !slowest ? element('p', {}, 'Nothing was served, so there is no latency.') : chart(
    `${sentence(slowest.id)} is slowest at the peak: 99 % within ${significant(slowest.latency_ms.p99)} ms`,
    {
      grid: { left: 60, right: 20, top: 40, bottom: 40 }, legend: { top: 0 },
      tooltip: { trigger: 'axis', valueFormatter: (v) => `${significant(v)} ms` },
      xAxis: { type: 'category', axisLabel: { interval: 0 }, data: chains.map((d) => d.id) }, yAxis: { type: 'value', name: 'latency, ms' },
      series: [['p50', '#3a8fc7'], ['p90', '#0059a8'], ['p99', '#c2540a']].map(([id, color]) => ({ name: id, type: 'bar', itemStyle: { color }, data: chains.map((d) => d.latency_ms[id]) })),
    },
    table('Latency at the peak, ms', [{ title: 'deployment', value: (d) => d.id }, ...['mean', 'p50', 'p90', 'p99', 'p999', 'max'].map((id) => ({ title: id, value: (d) => significant(d.latency_ms[id]) }))], chains));
  const size = table('What each deployment consists of: as procured, and what the service level needs',
    [{ title: 'deployment', value: (d) => d.id }, { title: 'nodes', value: (d) => count(d.nodes) }, { title: 'needed', value: (d) => count(d.needed.nodes) },
      { title: 'cores', value: (d) => count(d.cores) }, { title: 'needed', value: (d) => count(d.needed.cores) },
      { title: 'memory', value: (d) => bytes(d.memory_bytes) }, { title: 'storage', value: (d) => bytes(d.storage_bytes) },
      { title: 'use of capacity', value: (d) => percent(d.utilisation, 3) }, { title: 'if sized to need', value: (d) => percent(d.needed.utilisation, 2) },
      { title: 'served at the peak, /s', value: (d) => significant(d.throughput_tps) }], data.deployments);
  const limits = table('What saturates first, and what is down',
    [{ title: 'deployment', value: (d) => d.id }, { title: 'saturates first', text: true, value: (d) => d.binding_resource },
      { title: 'use of capacity', value: (d) => percent(d.utilisation, 3) },
      { title: 'availability', value: (d) => `${percent(d.availability, 3)} (${downtime(d.availability)} down)` },
      { title: 'service level', text: true, value: (d) => (d.unmet?.length ? element('span', { class: 'not' }, `✗ ${d.unmet.join('; ')}`) : element('span', { class: 'ok' }, '✓ held')) }], data.deployments);
  section('Performance', size, latency, limits);
}

function reproduce(data) {
  const flags = data.command ?? `./govchain plan ${data.scenario} --seed ${data.seed} --years ${data.years}`;
  section('Reproduce', element('pre', {}, flags),
    table('What made this result', [{ title: 'what', value: (r) => r[0] }, { title: 'value', text: true, wide: true, value: (r) => String(r[1]) }],
      [['scenario', data.scenario], ['hash of the resolved scenario', data.scenario_hash ?? '–'], ['model version', data.model_version ?? '–'], ['seed', data.seed], ['digest of the result', data.digest],
        ['violations of a checked rule', data.violations.length], ['price draws', data.draws ?? '–'],
        ['simulated events', count(data.simulation.events)], ['delivered messages', count(data.simulation.messages)], ['CPU seconds', significant(data.simulation.cpu_seconds)]]));
}

export function plan(data) {
  document.getElementById('title').textContent = data.title ?? 'What each way of building costs and delivers';
  document.getElementById('subtitle').textContent =
    `${data.summary ?? data.scenario}. ${data.years} years, ${data.currency} of ${data.price_year}, seed ${data.seed}.`;
  document.title = `govchain: ${data.scenario}`;
  answer(data);
  money(data);
  service(data);
  performance(data);
  places(data);
  assumptions(data);
  reproduce(data);
}

