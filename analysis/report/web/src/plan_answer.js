// The answer on one screen: recommendation, cost with intervals, the redundancy cost in steps, what decides.
import { accent, chart, colours, whiskers } from './chart.js';
import { behind, element, section, table } from './element.js';
import { objectives } from './objectives.js';
import { billions, percent, sentence, significant, spread, words } from './format.js';

function cost_bars(data) {
  const rows = data.deployments;
  const cheapest = [...rows].sort((a, b) => a.cost.mid - b.cost.mid)[0];
  // Where one deployment dwarfs the others, bars from zero would hide all but one: points on a logarithmic axis.
  const wide = Math.max(...rows.map((d) => d.cost.mid)) > 20 * cheapest.cost.mid && Math.min(...rows.map((d) => d.cost.low)) > 0;
  const axis = wide
    ? { type: 'log', min: 10 ** Math.floor(Math.log10(Math.min(...rows.map((d) => d.cost.low)) / 1e9)), axisLabel: { formatter: (v) => `${v}` } }
    : { type: 'value', max: Math.max(...rows.map((d) => d.cost.high)) / 1e9, axisLabel: { showMaxLabel: false, formatter: (v) => significant(v, 2) } };
  return chart(
    `${sentence(cheapest.id)} costs least: ${billions(cheapest.cost.mid)} bn CNY over ${data.years} years`,
    {
      grid: { left: 150, right: 30, top: 10, bottom: 40 },
      tooltip: { trigger: 'item', formatter: (p) => `${rows[p.dataIndex].id}: ${billions(rows[p.dataIndex].cost.mid)} bn CNY (${spread(rows[p.dataIndex].cost)})` },
      xAxis: { ...axis, name: `bn CNY, present value${wide ? ', log scale' : ''}; line: 5 % to 95 % of draws`, nameLocation: 'middle', nameGap: 26 },
      yAxis: { type: 'category', inverse: true, data: rows.map((d) => `${d.id}  ${billions(d.cost.mid)}`) },
      series: [
        { type: wide ? 'scatter' : 'bar', symbolSize: 14, data: rows.map((d) => ({ value: d.cost.mid / 1e9, itemStyle: { color: colours[d.id] } })) },
        whiskers(rows.map((d, i) => [i, d.cost.low / 1e9, d.cost.high / 1e9]), true),
      ],
    },
    table('Cost, bn CNY', [{ title: 'deployment', value: (d) => d.id }, { title: 'low (5 %)', value: (d) => billions(d.cost.low) }, { title: 'mid (mean)', value: (d) => billions(d.cost.mid) },
      { title: 'high (95 %)', value: (d) => billions(d.cost.high) }, { title: 'sized to need, mid', value: (d) => billions(d.needed.cost.mid) }], rows));
}

function waterfall(data) {
  const { from, against, steps, mid } = data.redundancy_cost;
  if (!steps.length) return null;
  const start = data.redundancy_cost.from_cost?.mid ?? mid;
  const largest = [...steps].sort((a, b) => Math.abs(b.mid) - Math.abs(a.mid))[0];
  const names = [`${from}`, ...steps.map((s) => words(s.id)), `${against}`];
  const base = [0];
  const height = [start / 1e9];
  let level = start;
  for (const step of steps) {
    const next = level - step.mid;
    base.push(Math.min(level, next) / 1e9);
    height.push(Math.abs(step.mid) / 1e9);
    level = next;
  }
  base.push(0);
  height.push(level / 1e9);
  const colour = (i) => (i === 0 ? colours[from] : i === names.length - 1 ? colours[against] : steps[i - 1].mid >= 0 ? '#c2540a' : '#176639');
  const label = (i) => (i === 0 || i === names.length - 1 ? significant(height[i]) : `${steps[i - 1].mid >= 0 ? '−' : '+'}${significant(height[i])}`);
  return chart(
    `${sentence(words(largest.id))}: ${percent(largest.mid / mid, 0)} of the redundancy cost of ${billions(mid)} bn CNY`,
    {
      grid: { left: 60, right: 20, top: 34, bottom: 76 },
      tooltip: { trigger: 'item', formatter: (p) => `${names[p.dataIndex]}: ${significant(height[p.dataIndex])} bn CNY` },
      xAxis: { type: 'category', data: names, axisLabel: { interval: 0, rotate: 30 } },
      yAxis: { type: 'value', name: 'bn CNY' },
      series: [
        { type: 'bar', stack: 'w', silent: true, itemStyle: { color: 'transparent' }, data: base },
        { type: 'bar', stack: 'w', data: height.map((value, i) => ({ value, itemStyle: { color: colour(i) } })), label: { show: true, position: 'top', formatter: (p) => label(p.dataIndex) } },
      ],
    },
    table('Redundancy cost by step, bn CNY', [{ title: 'step', value: (s) => words(s.id) }, { title: 'low', value: (s) => billions(s.low) }, { title: 'mid', value: (s) => billions(s.mid) }, { title: 'high', value: (s) => billions(s.high) },
      { title: 'what changes', text: true, wide: true, value: (s) => s.what ?? '' }], steps));
}

function tornado(data) {
  const drivers = (data.drivers ?? []).slice(0, 8);
  if (!drivers.length) return null;
  const mid = data.redundancy_cost.mid / 1e9;
  return chart(
    `${drivers[0].id} decides most: ${percent(drivers[0].share, 0)} of the variance of the redundancy cost`,
    {
      grid: { left: 190, right: 30, top: 10, bottom: 44 },
      tooltip: { trigger: 'item', formatter: (p) => { const d = drivers[p.dataIndex]; return `${d.id}: ${billions(d.low_amount)} bn CNY where lowest, ${billions(d.high_amount)} where highest`; } },
      xAxis: { type: 'value', scale: true, name: 'redundancy cost, bn CNY, in the tenth of the draws where the input is lowest / highest', nameLocation: 'middle', nameGap: 26 },
      yAxis: { type: 'category', inverse: true, data: drivers.map((d) => d.id), axisLabel: { width: 175, overflow: 'truncate' } },
      series: [{
        type: 'custom', data: drivers.map((d, i) => [i, d.low_amount / 1e9, d.high_amount / 1e9]),
        renderItem: (parameters, api) => {
          const y = api.coord([mid, api.value(0)])[1];
          const bar = (to, fill) => { const a = api.coord([mid, api.value(0)])[0]; const b = api.coord([to, api.value(0)])[0]; return { type: 'rect', shape: { x: Math.min(a, b), y: y - 8, width: Math.abs(a - b), height: 16 }, style: { fill } }; };
          return { type: 'group', children: [bar(api.value(1), '#3a8fc7'), bar(api.value(2), accent)] };
        },
        encode: { x: [1, 2], y: 0 },
      }],
    },
    table('Inputs by their share of the variance', [{ title: 'input', value: (d) => d.id }, { title: 'share', value: (d) => percent(d.share) }, { title: 'where lowest, bn CNY', value: (d) => billions(d.low_amount) }, { title: 'where highest, bn CNY', value: (d) => billions(d.high_amount) }], data.drivers));
}

export function answer(data) {
  const redundancy = data.redundancy_cost;
  const chain = data.price_of_chain;
  const sentences = [
    element('p', { class: 'finding' },
      `Building separately (${redundancy.from}, as procured) costs ${billions(redundancy.mid)} bn CNY more over ${data.years} years than ${redundancy.against} sized to need: ${spread(redundancy)} in nine of ten draws.`),
  ];
  sentences.push(...objectives(data));
  if (data.cheapest) {
    sentences.push(element('p', {}, `${data.cheapest.id} is the cheapest deployment with chains in ${percent(data.cheapest.share, 0)} of the draws. Having a chain at all (national less hub) ${chain.mid >= 0 ? 'costs' : 'saves'} ${billions(Math.abs(chain.mid))} bn CNY (cost ${spread(chain)}).`));
  }
  if (data.do_nothing) sentences.push(element('p', {}, `Doing nothing, that is the isolated chains that exist and no new project, costs ${billions(data.do_nothing.mid)} bn CNY (${spread(data.do_nothing)}).`));
  if (data.violations.length) sentences.unshift(element('p', { class: 'warn' }, `${data.violations.length} checked rules were broken in the simulation: do not rely on this result.`));
  const sure = element('p', { class: 'note' }, `How sure: ${percent(data.judgement_share ?? 0, 0)} of the amount rests on figures marked as judgement; the intervals cover the prices' ranges, not the choice of model. Every input is under Assumptions.`);
  const misses = data.deployments.filter((d) => d.unmet?.length);
  const missed = misses.map((d) => element('p', { class: 'warn' }, `${d.id} does not hold the service level: ${d.unmet.join('; ')}.`));
  section('Answer', sentences, missed, element('div', { class: 'pair' }, cost_bars(data), waterfall(data)), tornado(data), sure,
    behind('How the redundancy cost is defined', element('p', { class: 'note' }, 'A fixed chain of configurations, each sized by simulation and priced: the first end as procured, sized to need (idle capacity), hosts pooled in each province (pooling), builds merged (duplicate builds), adapters gone (adapters), one operation (operations), which is the second end. Differences are taken draw by draw; mid is the mean over the draws, so the steps add up. Replicas that the service level requires are never redundancy.')));
}
