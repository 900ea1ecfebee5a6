// Small helpers to make accessible markup. Text is always set as text, never as markup: data may contain anything.
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null) node.setAttribute(name, value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== undefined && child !== null) node.append(child instanceof Node ? child : String(child));
  }
  return node;
}

// columns: [{ title, value(row), text?, wide? }]
export function table(caption, columns, rows) {
  const head = element('tr', {}, columns.map((column) => element('th', { scope: 'col', class: column.text ? 'text' : null }, column.title)));
  const body = rows.map((row) => element('tr', {}, columns.map((column, index) => {
    const value = column.value(row);
    const attributes = { class: column.wide ? 'wide text' : column.text ? 'text' : null };
    return index === 0 ? element('th', { scope: 'row', ...attributes }, value) : element('td', attributes, value);
  })));
  return element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    element('table', {}, element('caption', {}, caption), element('thead', {}, head), element('tbody', {}, body)));
}

export const behind = (title, content) => element('details', {}, element('summary', {}, title), content);

let sections = 0;
export function section(title, ...content) {
  const id = `section-${(sections += 1)}`;
  document.getElementById('sections').append(element('a', { href: `#${id}` }, title));
  const node = element('section', { 'aria-labelledby': id }, element('h2', { id }, title), content);
  document.getElementById('content').append(node);
  return node;
}
