// What the scenario asked for, and whether it was met.
import { element, table } from './element.js';
import { significant } from './format.js';

export function objectives(data) {
  const all = data.objectives ?? [];
  if (!all.length) return [];
  const missed = all.filter((one) => !one.met).length;
  return [element('p', { class: missed ? 'warn' : '' }, missed ? `${missed} of ${all.length} objectives were missed.` : `All ${all.length} objectives were met.`),
    table('Objectives of the scenario', [{ title: 'metric', value: (o) => o.metric }, { title: 'bound', value: (o) => `${o.comparison} ${significant(o.bound)}` },
      { title: 'value', value: (o) => significant(o.value) }, { title: 'met', value: (o) => element('span', { class: o.met ? 'ok' : 'not' }, o.met ? '✓' : '✗') }], all)];
}
