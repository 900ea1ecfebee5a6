// Every input with value, source and quality; searchable.
import { element, section, table } from './element.js';
import { percent, significant } from './format.js';

const shown = (value) => (typeof value === 'number' ? significant(value, 4) : value === undefined || value === null ? '–' : typeof value === 'object' ? JSON.stringify(value) : value);
const range = (a) => (a.low === undefined || a.low === null || a.low === a.high ? '' : `${shown(a.low)} to ${shown(a.high)}`);

export function assumptions(data) {
  const influence = new Map((data.drivers ?? []).map((d) => [d.id, d.share]));
  const rows = data.assumptions.map((a) => ({ ...a, influence: influence.get(a.id) ?? 0 }));
  const weak = rows.filter((a) => /^(judgement|weak|general knowledge)/.test(a.quality ?? '')).length;
  const search = element('input', { id: 'search', type: 'search', autocomplete: 'off' });
  const found = element('p', { class: 'note', role: 'status' });
  const holder = element('div', {});
  const update = () => {
    const wanted = search.value.trim().toLowerCase();
    const matching = rows.filter((a) => !wanted || [a.id, a.source, a.quality, a.unit, a.what, a.origin].some((t) => (t ?? '').toLowerCase().includes(wanted)));
    found.textContent = `${matching.length} of ${rows.length} inputs`;
    holder.replaceChildren(table('Assumptions', [{ title: 'input', value: (a) => a.id }, { title: 'value', value: (a) => shown(a.value) }, { title: 'range', value: range },
      { title: 'unit', text: true, value: (a) => a.unit ?? '' }, { title: 'of the variance', value: (a) => (a.influence ? percent(a.influence) : '') },
      { title: 'quality', text: true, wide: true, value: (a) => a.quality ?? '' }, { title: 'source', text: true, wide: true, value: (a) => a.source ?? '' }, { title: 'place in the data', text: true, value: (a) => a.origin ?? '' }], matching));
  };
  search.addEventListener('input', update);
  update();
  section('Assumptions', element('p', {}, `${rows.length} inputs enter this result; ${weak} of them are judgement or weakly sourced.`),
    element('p', { class: 'controls' }, element('label', { for: 'search' }, 'Find'), search), found, holder);
}
