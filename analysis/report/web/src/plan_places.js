// The provinces as tiles: one square each, value by colour and by number, no boundaries.
import { behind, element, section, table } from './element.js';
import { count, millions, significant } from './format.js';

const measures = {
  'cost, m CNY': (p) => p.cost.mid / 1e6,
  'nodes': (p) => p.nodes,
  'cores': (p) => p.cores,
  'served at the peak, /s': (p) => p.throughput_tps,
  'p99 latency, ms': (p) => p.latency_ms?.p99 ?? null,
};

// Light to dark blue; the text turns white where the ground is dark.
function shade(share) {
  const from = [234, 242, 250];
  const to = [0, 70, 140];
  const mixed = from.map((value, i) => Math.round(value + (to[i] - value) * share));
  return { background: `rgb(${mixed.join(',')})`, color: share > 0.45 ? '#fff' : '#1b1f24' };
}

export function places(data) {
  const with_places = data.deployments.filter((d) => d.places?.length);
  if (!with_places.length) return;
  const choose = (label, names) => {
    const id = `choose-${label}`;
    const select = element('select', { id }, names.map((name) => element('option', { value: name }, name)));
    return [element('label', { for: id }, label), select];
  };
  const [deployment_label, deployment] = choose('deployment', with_places.map((d) => d.id));
  const [measure_label, measure] = choose('measure', Object.keys(measures));
  deployment.value = with_places.some((d) => d.id === 'national') ? 'national' : with_places[0].id;
  const title = element('h3', {});
  const map = element('div', { class: 'tiles' });
  const key = element('p', { class: 'key' });

  const update = () => {
    const shown = with_places.find((d) => d.id === deployment.value);
    const value = measures[measure.value];
    const values = shown.places.map(value).filter((v) => v !== null);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const top = shown.places.reduce((a, b) => ((value(b) ?? -1) > (value(a) ?? -1) ? b : a));
    title.textContent = `${shown.id}, ${measure.value}: highest in ${top.name ?? top.id} with ${significant(value(top))}`;
    map.replaceChildren(...shown.places.map((p) => {
      const v = value(p);
      const style = v === null ? { background: '#fff', color: '#57606a' } : shade(high > low ? (v - low) / (high - low) : 0.5);
      const where = p.tile ? `grid-row:${p.tile.row + 1};grid-column:${p.tile.column + 1};` : '';
      return element('div', { class: 'tile', style: `${where}background:${style.background};color:${style.color}`, title: `${p.name ?? p.id}: ${v === null ? 'none' : significant(v)}` },
        element('b', {}, p.id.replace('CN-', '')), element('span', {}, p.name_zh ?? ''), element('span', {}, v === null ? '–' : significant(v)));
    }));
    const ends = [shade(0), shade(1)].map((s) => element('i', { style: `background:${s.background}` }));
    key.replaceChildren(ends[0], significant(low), ends[1], significant(high));
  };
  deployment.addEventListener('change', update);
  measure.addEventListener('change', update);
  update();
  const rows = with_places.flatMap((d) => d.places.map((p) => ({ deployment: d.id, ...p })));
  section('Provinces', element('p', { class: 'controls' }, deployment_label, deployment, ' ', measure_label, measure), title, map, key,
    behind('The figures', table('By deployment and place', [{ title: 'place', value: (p) => `${p.name ?? ''} ${p.id}` }, { title: 'deployment', text: true, value: (p) => p.deployment },
      { title: 'nodes', value: (p) => count(p.nodes) }, { title: 'cores', value: (p) => count(p.cores) }, { title: 'served, /s', value: (p) => significant(p.throughput_tps) },
      { title: 'p99, ms', value: (p) => (p.latency_ms?.p99 ? significant(p.latency_ms.p99) : '–') }, { title: 'cost, m CNY', value: (p) => millions(p.cost.mid) }], rows)));
}
