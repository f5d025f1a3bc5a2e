// What the stock is worth.

// "The latest: 100 of 2,223 lines", or "1 line".
const leftOut = (shown, total, noun, rule) => shown < total ? `${rule}: ${decimal(shown)} of ${plural(total, noun)}` : plural(total, noun);

// `first` is the number that they are in order of; on a narrow screen the others are left out.
function itemsTable(caption, balances, first) {
  const valuePlaces = placesMax(balances, 'value');
  const quantityPlaces = placesMax(balances, 'on_hand');
  const numbers = [
    {name: 'Value', cell: (balance) => amount(balance.value, valuePlaces)},
    {name: 'Lines', cell: (balance) => decimal(balance.lines)},
    {name: 'On hand', cell: (balance) => amount(balance.on_hand, quantityPlaces)},
  ];
  numbers.sort((left, right) => (right.name === first) - (left.name === first));
  numbers.forEach((column, index) => { column.class = index === 0 ? 'number' : 'number hide-narrow'; });
  return table(caption, [
    {name: 'Item', class: 'id', cell: (balance) => balance.code || `item ${balance.item}`},
    {name: 'Description', class: 'text', cell: (balance) => balance.description},
    {name: 'Tenant', class: 'id hide-narrow', cell: (balance) => balance.tenant},
    ...numbers,
  ], balances);
}

function tenantsTable(stock) {
  const values = stock.by_tenant.map((tenant) => Number(tenant.value));
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const valuePlaces = placesMax(stock.by_tenant, 'value');
  const columns = [
    {name: 'Tenant', class: 'id', cell: (tenant) => tenant.tenant},
    {name: element('span', {class: 'hidden'}, 'Value as a bar'), class: 'bar-cell', cell: (tenant) => bar(Number(tenant.value), low, high)},
    {name: 'Value', class: 'number', cell: (tenant) => amount(tenant.value, valuePlaces)},
    {name: 'Items', class: 'number hide-narrow', cell: (tenant) => decimal(tenant.items)},
    {name: 'Lines', class: 'number hide-narrow', cell: (tenant) => decimal(tenant.lines)},
  ];
  const frame = table(leftOut(stock.by_tenant.length, stock.tenants, 'tenant', 'Those of the greatest value'), columns, []);
  const body = frame.querySelector('tbody');
  const whole = element('div', {}, frame);
  inPages(stock.by_tenant, 12, whole, (tenant) => body.append(tableRow(columns, tenant)));
  return whole;
}

function showStock(stock) {
  const place = byId('stock-body');
  if (stock.items === 0) {
    place.replaceChildren(element('p', {}, 'No item has a balance yet.'));
    return;
  }
  place.replaceChildren(
      element('h3', {}, 'Value by tenant'), tenantsTable(stock), element('h3', {}, 'Items of the greatest value'),
      itemsTable(leftOut(stock.by_value.length, stock.items, 'item', 'By value, whatever its sign'), stock.by_value, 'Value'),
      element('h3', {}, 'Items of the most lines'),
      itemsTable(leftOut(stock.by_lines.length, stock.items, 'item', 'By lines'), stock.by_lines, 'Lines'));
}
