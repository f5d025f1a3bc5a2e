// Who this is, whether it is sound, how much there is.

const CHECK = 'M14 27 l8 8 l16 -18';
const CROSS = 'M17 17 l18 18 M35 17 l-18 18';

function seal(sound) {
  return drawing('svg', {viewBox: '0 0 52 52', 'aria-hidden': 'true', fill: 'none', stroke: 'currentColor'},
                 drawing('circle', {cx: 26, cy: 26, r: 24, 'stroke-width': 2}),
                 drawing('circle', {cx: 26, cy: 26, r: 20.5, 'stroke-width': 1}),
                 drawing('path', {d: sound ? CHECK : CROSS, 'stroke-width': 4, 'stroke-linecap': 'round'}));
}

function proofText(data) {
  const proof = data.proof;
  const counts = [
    [proof.lines_checked, 'line'], [proof.balances_checked, 'balance'], [proof.batches_checked, 'batch', 'batches'],
    [proof.dead_letters_checked, 'dead letter'],
  ].filter(([count]) => count > 0).map((count) => plural(...count));
  const checked = `${counts.join(', ') || 'nothing'} checked in ${duration(proof.seconds)}`;
  if (proof.not_examined) {
    return ['Could not be examined', proof.not_examined];
  }
  if (!proof.sound) {
    return [`Not sound: ${plural(proof.findings_count, 'finding')}`, `${checked[0].toUpperCase()}${checked.slice(1)}.`];
  }
  if (data.troubles.length > 0) {
    return ['Not everything can be read', `What the proof looks at is sound (${checked}), but other parts are damaged: see below, and tallystone verify.`];
  }
  return proof.full ?
      ['Sound, proved line by line', `Every balance is the exact sum of its lines, and every line has one outcome: ${checked}.`] :
      ['Sound, by the quick proof',
       `Balances and postings agree on every item: ${checked}. The full proof is tallystone verify.`];
}

function showProof(data) {
  const proof = data.proof;
  const [head, text] = proofText(data);
  const sound = proof.sound && data.troubles.length === 0;
  const parts = [element('div', {class: sound ? 'stamp' : 'stamp bad'}, seal(sound),
                         element('p', {}, element('strong', {}, head), text))];
  if (proof.findings.length > 0) {
    parts.push(table(`Findings: the first ${proof.findings.length} of ${decimal(proof.findings_count)}`, [
      {name: 'What was found', class: 'text', cell: (finding) => finding.what},
      {name: 'Tenant', class: 'id', cell: (finding) => finding.tenant},
      {name: 'First batch', class: 'id', cell: (finding) => finding.batch},
    ], proof.findings));
  }
  return parts;
}

// `number` is null where it cannot be read.
function figure(name, number, note) {
  return element('div', {}, element('dt', {}, name),
                 element('dd', {}, number === null ? '\u2014' : decimal(number), note ? element('small', {}, note) : null));
}

function showFigures(data) {
  const {totals, stock, batches} = data;
  const figures = element('dl', {class: 'figures'},
      figure('Lines booked', stock && stock.lines),
      figure('Dead letters', data.dead_letters && data.dead_letters.total),
      figure('Batches', batches && batches.total, batches && batches.unfinished > 0 ? `${decimal(batches.unfinished)} unfinished` : ''),
      figure('Items', stock && stock.items),
      figure('Tenants', totals && totals.tenants));
  const parts = [figures];
  if (totals === null) {
    return parts;
  }
  figures.append(element('div', {}, element('dt', {}, 'On disk'),
                         element('dd', {}, bytes(totals.store_bytes), element('small', {}, `and ${bytes(totals.log_bytes)} of log`))));
  if (totals.replay_unfinished) {
    parts.push(element('p', {class: 'notice'}, 'A key replay was interrupted; tallystone resume finishes it.'));
  }
  if (totals.log_tail_torn) {
    parts.push(element('p', {class: 'notice'}, 'The log ends in a record that was never acknowledged; it is cut when the database is opened.'));
  }
  return parts;
}

function showTitle(data) {
  const name = String(data.database).replace(/\/+$/, '').split('/').pop() || data.database;
  document.title = visible(`${name} \u00b7 Tallystone`);
  byId('database').replaceChildren(visible(name));
  byId('made-by').replaceChildren(visible(`${data.program}. Data of ${data.database}, read ${time(data.read_at_us)} UTC. Times are UTC.`));
}

function showAsOf(data) {
  byId('as-of').replaceChildren(visible(
      `As of LSN ${decimal(data.as_of_lsn)} \u00b7 read ${time(data.read_at_us)} UTC`));
}

function showOverview(data) {
  byId('overview-body').replaceChildren(...showProof(data), ...showFigures(data));
}
