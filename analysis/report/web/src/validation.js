// The report of a validation: what processes did beside what the simulator said.
import { accent, chart, scale } from './chart.js';
import { element, section, table } from './element.js';
import { count, percent, significant } from './format.js';

const error = (value) => (value === null || value === undefined ? '–' : percent(value));
const name_of = (cell) => `${cell.name}, ${cell.load}`;

const metrics = [
  { id: 'throughput', title: 'Saturation throughput', unit: 'tx/s', of: (figures) => figures.throughput_tps },
  { id: 'p50', title: 'p50 latency', unit: 'ms', of: (figures) => figures.latency_ms.p50 },
  { id: 'p99', title: 'p99 latency', unit: 'ms', of: (figures) => figures.latency_ms.p99 },
];

// Live across, simulated up: on the diagonal both agree.
function agreement(data, metric) {
  const cells = data.cells.filter((cell) => cell.errors[metric.id] !== null);
  if (!cells.length) return null;
  const found = data.score[metric.id];
  const values = cells.flatMap((cell) => [metric.of(cell.live), metric.of(cell.simulated)]).filter((value) => value > 0);
  const [least, most] = [Math.min(...values) / 1.3, Math.max(...values) * 1.3];
  const protocols = [...new Set(cells.map((cell) => cell.protocol))];
  const points = (protocol, calibrates) => cells.filter((cell) => cell.protocol === protocol && cell.calibrates === calibrates)
    .map((cell) => ({ value: [metric.of(cell.live), metric.of(cell.simulated)], name: name_of(cell) }));
  const finding = found.median_error === null ? `${metric.title}: no scored cell`
    : `${metric.title}: half of the scored cells are within ${percent(found.median_error)}`;
  return chart(finding, {
    grid: { left: 70, right: 20, top: 50, bottom: 48 }, legend: { top: 0, data: [...protocols, 'equal'] },
    tooltip: { trigger: 'item', formatter: (p) => `${p.name}<br>live ${significant(p.value[0])}, simulated ${significant(p.value[1])} ${metric.unit}` },
    xAxis: { type: 'log', min: least, max: most, name: `live, ${metric.unit}`, nameLocation: 'middle', nameGap: 28, axisLabel: { formatter: (v) => significant(v) } },
    yAxis: { type: 'log', min: least, max: most, name: `simulated, ${metric.unit}`, axisLabel: { formatter: (v) => significant(v) } },
    series: [
      ...protocols.map((protocol, index) => ({ name: protocol, type: 'scatter', itemStyle: { color: scale[index % scale.length] }, data: points(protocol, false) })),
      ...protocols.map((protocol, index) => ({ name: `${protocol}, calibrates`, type: 'scatter', symbol: 'emptyCircle', itemStyle: { color: scale[index % scale.length] }, data: points(protocol, true) })).filter((series) => series.data.length),
      { name: 'equal', type: 'line', symbol: 'none', silent: true, lineStyle: { color: accent, width: 1, type: 'dashed' }, itemStyle: { color: accent }, data: [[least, least], [most, most]] },
    ],
  }, table(metric.title, [
    { title: 'cell', value: name_of }, { title: 'served', value: (cell) => (cell.calibrates ? 'calibration' : 'score') },
    { title: `live, ${metric.unit}`, value: (cell) => significant(metric.of(cell.live)) }, { title: `simulated, ${metric.unit}`, value: (cell) => significant(metric.of(cell.simulated)) },
    { title: `free machine, ${metric.unit}`, value: (cell) => significant(metric.of(cell.free)) }, { title: 'error', value: (cell) => error(cell.errors[metric.id]) },
  ], cells), 'tall');
}

export function validation(data) {
  document.getElementById('title').textContent = 'Simulated beside live';
  document.getElementById('subtitle').textContent = `${count(data.cells.length)} cells on ${data.machine}; profile ${data.profile}; links ${data.links}.`;
  document.title = 'govchain: validation';
  const held = metrics.filter((metric) => data.score[metric.id].median_error !== null && data.score[metric.id].median_error <= data.score[metric.id].limit);
  section('Answer',
    element('p', { class: 'finding' }, data.valid ? 'The simulator predicts these machines within the limits.' : `Within the limit: ${held.length ? held.map((metric) => metric.title.toLowerCase()).join(', ') : 'nothing'}.`),
    table('Median of absolute errors over the scored cells', [
      { title: 'metric', value: (metric) => metric.title }, { title: 'cells', value: (metric) => count(data.score[metric.id].cells) },
      { title: 'median error', value: (metric) => error(data.score[metric.id].median_error) }, { title: 'limit', value: (metric) => percent(data.score[metric.id].limit, 0) },
      { title: 'worst', value: (metric) => error(data.score[metric.id].worst?.error) }, { title: 'worst cell', text: true, wide: true, value: (metric) => (data.score[metric.id].worst ? `${data.score[metric.id].worst.cell}, ${data.score[metric.id].worst.load}` : '–') },
    ], metrics),
    element('p', { class: 'note' }, 'Latency errors are of what is left without propagation and timers: of both figures the same cell’s on a machine without costs is taken off first. Throughput is compared at saturation only. Rings are the cells that calibrate: the smallest number of replicas of each protocol, which is not scored.'));
  section('Agreement', metrics.map((metric) => agreement(data, metric)));
  section('Reproduce', element('pre', {}, data.command), element('p', { class: 'note' }, `Model ${data.model_version}.`));
}
