// The report of published figures beside simulated ones.
import { accent, chart, scale } from './chart.js';
import { element, section, table } from './element.js';
import { count, percent, significant } from './format.js';

// What is too small to be written has no sign.
const signed = (share) => `${Math.abs(share) < 1e-3 ? '' : share < 0 ? '−' : '+'}${percent(Math.abs(share))}`;
const others = (figure) => figure.others.map((other) => `${other.name} ${significant(other.value)}`).join('; ') || '–';

function errors(group) {
  const worst = group.figures.reduce((a, b) => (Math.abs(b.error) > Math.abs(a.error) ? b : a));
  const names = group.figures.map((figure) => `${figure.point}: ${figure.what}`);
  return chart(`At most ${percent(Math.abs(worst.error))} from what was published`, {
    grid: { left: 280, right: 40, top: 10, bottom: 40 },
    tooltip: { trigger: 'item', valueFormatter: (v) => percent(v) },
    xAxis: { type: 'value', name: 'ours to published', nameLocation: 'middle', nameGap: 26, axisLabel: { formatter: (v) => percent(v, 1) } },
    yAxis: { type: 'category', data: names, inverse: true, axisLabel: { width: 265, overflow: 'truncate' } },
    series: [
      { name: 'error', type: 'bar', data: group.figures.map((figure) => ({ value: figure.error, itemStyle: { color: figure.holds ? accent : scale[1] } })) },
    ],
  }, table(`${group.title}: errors`, [{ title: 'figure', value: (f) => `${f.point}: ${f.what}` }, { title: 'error', value: (f) => signed(f.error) }, { title: 'allowed', value: (f) => percent(f.within) }], group.figures));
}

export function published(data) {
  const all = data.published.flatMap((group) => group.figures);
  const held = all.filter((figure) => figure.holds).length;
  document.getElementById('title').textContent = 'Published figures beside simulated ones';
  document.getElementById('subtitle').textContent = `${count(held)} of ${count(all.length)} figures are within what is allowed.`;
  document.title = 'govchain: published figures';
  for (const group of data.published) {
    section(group.title,
      errors(group),
      table('Published and ours', [
        { title: 'point', value: (f) => f.point }, { title: 'figure', text: true, value: (f) => f.what },
        { title: 'published', value: (f) => significant(f.published) }, { title: 'ours', value: (f) => significant(f.ours) },
        { title: 'error', value: (f) => `${signed(f.error)}${f.holds ? '' : ' !'}` }, { title: 'allowed', value: (f) => percent(f.within) },
        { title: 'others', text: true, wide: true, value: others },
      ], group.figures),
      element('p', { class: 'note' }, `Source: ${group.source}`),
      element('p', { class: 'note' }, `Not published: ${group.unknown}`),
      element('p', {}, `What remains: ${group.finding}`));
  }
  section('Reproduce', element('pre', {}, data.command), element('p', { class: 'note' }, `Model ${data.model_version}.`));
}
