// Dead letters by cause, and how each is mended.

function mendCommand(database, cause, letter) {
  const options = {db: database, tenant: letter.tenant, batch: letter.batch, line: letter.line};
  return command('dead-letters retry', options) + (cause.mend ? ` --set ${cause.mend}=\u2026` : '');
}

const letterColumns = [
  {name: 'Line', class: 'nowrap', cell: (letter) => decimal(letter.line)},
  {name: 'Batch', class: 'id hide-narrow', cell: (letter) => letter.batch},
  {name: 'Tenant', class: 'id hide-narrow', cell: (letter) => letter.tenant},
  {name: 'Code', class: 'id', cell: (letter) => letter.code},
  {name: 'Description', class: 'text', cell: (letter) => letter.description || letter.raw},
  {name: 'Quantity', class: 'number', cell: (letter) => letter.quantity},
  {name: 'Unit cost', class: 'number', cell: (letter) => letter.unit_cost},
  {name: 'Failed (UTC)', class: 'nowrap hide-narrow', cell: (letter) => time(letter.failed_at_us)},
];

function showLetter(database, cause, letter, place) {
  const facts = [`Tenant ${letter.tenant}`, `batch ${letter.batch}`, plural(letter.attempts, 'attempt'), `LSN ${decimal(letter.lsn)}`];
  for (const [name, text] of [['vendor', letter.vendor], ['document', letter.document], ['time', letter.time], ['detail', letter.detail]]) {
    if (text) {
      facts.push(`${name} ${text}`);
    }
  }
  place.append(element('p', {class: 'small faint'}, facts.join(' \u00b7 ')),
               element('p', {class: 'small'}, cause.mend ? `To book it with the right ${cause.mend}:` : 'To book it again:'),
               commandLine(mendCommand(database, cause, letter)));
}

function causeAdvice(database, cause) {
  const parts = [];
  if (cause.mend) {
    parts.push(element('p', {class: 'small'}, `Each line needs its own ${cause.mend}: open it below. To give all of them up:`),
               commandLine(command('dead-letters drop', {db: database, cause: cause.cause})));
  } else {
    parts.push(element('p', {class: 'small'}, 'When the cause is mended, book them all again:'),
               commandLine(command('dead-letters retry', {db: database, cause: cause.cause})));
  }
  parts.push(element('p', {class: 'small'}, 'To mend them in a file:'),
             commandLine(command('dead-letters export', {db: database, cause: cause.cause}) + ' > failed.csv'));
  return parts;
}

function showCause(database, cause, high) {
  const within = element('div', {class: 'within'});
  const fillIn = () => {
    if (within.hasChildNodes()) {
      return;
    }
    const caption = `${leftOut(cause.letters.length, cause.count, 'line', 'The latest')}; each opens to the command that mends it`;
    const frame = table(caption, letterColumns, []);
    const body = frame.querySelector('tbody');
    const lines = element('div', {}, frame);
    inPages(cause.letters, LINES_PAGE / 4, lines,
            (letter) => openingRow(letterColumns, letter, body, (place) => showLetter(database, cause, letter, place)));
    within.append(...causeAdvice(database, cause), lines);
  };
  return element('details', {class: 'cause', toggle: fillIn},
                 element('summary', {}, element('span', {class: 'chevron', 'aria-hidden': 'true'}), element('span', {}, cause.cause),
                         element('span', {class: 'number'}, decimal(cause.count)), bar(cause.count, 0, high, 'failures'),
                         element('span', {class: 'meaning'}, cause.meaning)),
                 within);
}

function showDeadLetters(data) {
  const letters = data.dead_letters;
  const causes = [...letters.causes].sort((left, right) => right.count - left.count);
  const high = Math.max(...causes.map((cause) => cause.count), 1);
  byId('dead-letters-body').replaceChildren(
      element('p', {}, letters.total === 0 ? 'None: every line was booked.' :
                                             `${plural(letters.total, 'line')} could not be booked and are kept whole, by ${plural(causes.length, 'cause')}.`),
      ...causes.map((cause) => showCause(data.database, cause, high)));
}
