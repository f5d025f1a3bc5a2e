// Elements. Every text becomes a text node: nothing that data says is ever read as markup.

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === 'function') {
      node.addEventListener(name, value);
    } else if (value !== false && value !== undefined) {
      node.setAttribute(name, value === true ? '' : value);
    }
  }
  for (const child of children) {
    if (child !== null && child !== undefined && child !== '') {
      node.append(child instanceof Node ? child : visible(child));
    }
  }
  return node;
}

const element = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const drawing = (tag, attributes, ...children) =>
    fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
const byId = (id) => document.getElementById(id);

// A table in a frame that scrolls sideways where it must. columns: [{name, class, cell(record)}]; the
// first cell of a row is its header. rowClass(record) may give a class.
function table(caption, columns, records, rowClass) {
  const body = element('tbody', {});
  for (const record of records) {
    body.append(tableRow(columns, record, rowClass));
  }
  return element(
      'div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption},
      element('table', {}, element('caption', {}, caption), tableHead(columns), body));
}

function tableHead(columns) {
  const cells = columns.map((column) => element('th', {scope: 'col', class: column.class}, column.name));
  return element('thead', {}, element('tr', {}, ...cells));
}

function tableRow(columns, record, rowClass) {
  const row = element('tr', {class: rowClass ? rowClass(record) : undefined});
  columns.forEach((column, index) => {
    const attributes = {class: column.class};
    if (index === 0) {
      attributes.scope = 'row';
    }
    row.append(element(index === 0 ? 'th' : 'td', attributes, column.cell(record)));
  });
  return row;
}

// A row whose first cell opens a row below it; fillIn(place) is called when that is opened first.
function openingRow(columns, record, body, fillIn) {
  const inside = element('td', {colspan: columns.length});
  const below = element('tr', {class: 'inside', hidden: true}, inside);
  const opener = element('button', {type: 'button', class: 'opener', 'aria-expanded': 'false', click: () => {
    below.hidden = !below.hidden;
    opener.setAttribute('aria-expanded', String(!below.hidden));
    row.classList.toggle('opened', !below.hidden);
    if (!below.hidden && !inside.hasChildNodes()) {
      fillIn(inside);
    }
  }}, element('span', {class: 'chevron', 'aria-hidden': 'true'}), element('span', {}, columns[0].cell(record)));
  const row = tableRow([{...columns[0], cell: () => opener}, ...columns.slice(1)], record);
  body.append(row, below);
}

// Decimals behind the point.
const places = (text) => (/\.(\d+)$/.exec(String(text)) || ['', ''])[1].length;

// The most of any record: what the points of a column are brought into line by.
const placesMax = (records, field) => Math.max(0, ...records.map((record) => places(record[field])));

// A number that people read, in a column of at most `most` places.
function amount(text, most) {
  const shown = decimal(text);
  const span = element('span', {class: shown.startsWith('\u2212') ? 'minus' : undefined}, shown);
  const own = places(text);
  if (most > own) {
    span.style.paddingRight = own === 0 ? `calc(${most}ch + .28em)` : `${most - own}ch`;
  }
  return span;
}

// A bar for `value` between `low` (at most 0) and `high` (at least 0). Decoration: the number stands
// beside it.
function bar(value, low, high, kind) {
  const span = high - low || 1;
  const at = (number) => `${((number - low) / span) * 100}%`;
  const filled = element('i', {});
  filled.style.left = at(Math.min(value, 0));
  filled.style.width = `${(Math.abs(value) / span) * 100}%`;
  const whole = element('span', {class: 'bar' + (value < 0 ? ' minus' : '') + (kind ? ' ' + kind : ''), 'aria-hidden': 'true'}, filled);
  if (low < 0) {
    const zero = element('b', {});
    zero.style.left = at(0);
    whole.append(zero);
  }
  return whole;
}

const commandLine = (text) => element('code', {class: 'command', tabindex: 0}, text);

// Shows `records` a page at a time: `add(record)` puts one in; the button is `place`'s.
function inPages(records, size, place, add) {
  let shown = 0;
  const button = element('button', {type: 'button', class: 'more', click: next});
  function next() {
    for (const end = Math.min(shown + size, records.length); shown < end; ++shown) {
      add(records[shown]);
    }
    button.hidden = shown >= records.length;
    button.textContent = `Show ${decimal(Math.min(size, records.length - shown))} more of ${decimal(records.length)}`;
  }
  next();
  place.append(button);
}
