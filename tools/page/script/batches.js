// The batches, and the lines of each.

const BATCHES_PAGE = 25;
const LINES_PAGE = 100;

const batchOutcome = (batch) => batch.finished ? batch.status : 'unfinished';
const outcomeWords = {success: 'success', partial_success: 'partial', failed: 'failed', unfinished: 'unfinished'};
const outcomeMark = (outcome) => element('span', {class: `outcome ${outcome}`}, outcomeWords[outcome]);

const batchColumns = [
  {name: 'Batch', class: 'id', cell: (batch) => batch.batch},
  {name: 'Tenant', class: 'id hide-narrow', cell: (batch) => batch.tenant},
  // Batches of two tenants may have one name: where there is no room for a column, it says whose it is.
  {name: 'Outcome', class: 'nowrap', cell: (batch) => element('span', {}, outcomeMark(batchOutcome(batch)), element('span', {class: 'small faint show-narrow'}, `of ${batch.tenant}`))},
  {name: 'Lines', class: 'number', cell: (batch) => decimal(batch.lines)},
  {name: 'Failed', class: 'number', cell: (batch) => batch.items_failed > 0 ? element('span', {class: 'bad'}, decimal(batch.items_failed)) : '0'},
  {name: 'Accepted (UTC)', class: 'nowrap hide-narrow', cell: (batch) => time(batch.accepted_at_us)},
  {name: 'LSN', class: 'number hide-narrow', cell: (batch) => decimal(batch.last_lsn)},
];

const lineColumns = [
  {name: 'Line', class: 'number', cell: (line) => decimal(line.line)},
  {name: 'Outcome', class: 'nowrap', cell: (line) => line.outcome === 'accepted' ? 'accepted' : element('span', {class: 'bad'}, line.outcome)},
  {name: 'Decided by', class: 'nowrap', cell: (line) => line.decided_by},
  {name: 'Item', class: 'number', cell: (line) => line.item > 0 ? decimal(line.item) : ''},
  {name: 'Code', class: 'id', cell: (line) => line.code},
  {name: 'Description', class: 'text', cell: (line) => line.detail ? element('span', {}, line.description, ' ', element('span', {class: 'bad'}, line.detail)) : line.description},
  {name: 'Quantity', class: 'number', cell: (line) => line.outcome === 'accepted' ? amount(line.quantity) : line.quantity},
  {name: 'Unit cost', class: 'number', cell: (line) => line.outcome === 'accepted' ? amount(line.unit_cost) : line.unit_cost},
];

class Batches {
  // source.lines(batch): a promise of {total, rows}, or null where they are not at hand.
  constructor(source) {
    this.source = source;
    this.search = element('input', {type: 'search', input: () => this.showRows()});
    this.outcome = element('select', {change: () => this.showRows()},
        element('option', {value: ''}, 'all'),
        ...Object.entries(outcomeWords).map(([value, text]) => element('option', {value}, text)));
    this.said = element('p', {class: 'small faint', role: 'status'});
    this.rows = element('div', {});
    this.summary = element('p', {});
    byId('batches-body').replaceChildren(
        this.summary,
        element('div', {class: 'controls'}, element('label', {}, 'Batch or tenant contains', this.search),
                element('label', {}, 'Outcome', this.outcome)),
        this.said, this.rows);
  }

  show(data) {
    this.data = data;
    const batches = data.batches;
    this.summary.replaceChildren(visible(
        `${plural(batches.total, 'batch', 'batches')}: ${decimal(batches.success)} with every line booked, ` +
        `${decimal(batches.partial_success)} with some, ${decimal(batches.failed)} with none; ${decimal(batches.unfinished)} unfinished.` +
        (batches.rows.length < batches.total ?
             ` Here are the latest ${decimal(data.limits.batches)} of the sound ones and the latest ${decimal(data.limits.batches)} of the others; tallystone batches lists all.` : '')));
    this.showRows();
  }

  showRows() {
    const wanted = this.search.value.toLowerCase();
    const outcome = this.outcome.value;
    const found = this.data.batches.rows.filter((batch) =>
        (outcome === '' || batchOutcome(batch) === outcome || (outcome === batch.status && batch.finished)) &&
        (batch.batch.toLowerCase().includes(wanted) || batch.tenant.toLowerCase().includes(wanted)));
    this.said.textContent = `${plural(found.length, 'batch', 'batches')} of ${decimal(this.data.batches.rows.length)} here`;
    const frame = table('Batches, the latest first', batchColumns, []);
    const body = frame.querySelector('tbody');
    this.rows.replaceChildren(frame);
    inPages(found, BATCHES_PAGE, this.rows, (batch) => openingRow(batchColumns, batch, body, (place) => this.open(batch, place)));
  }

  async open(batch, place) {
    const facts = `Tenant ${batch.tenant}, accepted ${time(batch.accepted_at_us)} UTC, LSN ${decimal(batch.first_lsn)} to ${decimal(batch.last_lsn)}; ${decimal(batch.items_processed)} booked, ` +
        `${decimal(batch.items_failed)} failed, ${decimal(batch.retried)} accepted by a retry, ${decimal(batch.dropped)} dropped.`;
    place.replaceChildren(element('p', {class: 'small faint'}, facts), element('p', {class: 'small'}, 'Reading\u2026'));
    let lines = null;
    let trouble = '';
    try {
      lines = await this.source.lines(batch);
    } catch (error) {
      trouble = error.message;
    }
    place.lastChild.remove();
    const all = command('batch show ' + shellWord(batch.batch), {db: this.data.database, tenant: batch.tenant}) + ' --lines';
    if (lines === null) {
      place.append(element('p', {class: 'small'}, trouble || 'The lines of this batch are not in this report. To list them:'), commandLine(all));
      return;
    }
    this.showLines(lines, place);
    if (lines.rows.length < lines.total) {
      place.append(element('p', {class: 'small'}, `Here are ${decimal(lines.rows.length)} of ${plural(lines.total, 'line')}: the first, and the first that failed. To list all:`), commandLine(all));
    }
  }

  showLines(lines, place) {
    const shown = element('div', {});
    const failed = lines.rows.filter((line) => line.outcome !== 'accepted');
    const show = (rows, caption) => {
      const frame = table(caption, lineColumns, []);
      const body = frame.querySelector('tbody');
      shown.replaceChildren(frame);
      inPages(rows, LINES_PAGE, shown,
              (line) => body.append(tableRow(lineColumns, line, (it) => it.outcome === 'accepted' ? undefined : 'failed-line')));
    };
    if (failed.length > 0) {
      place.append(element('div', {class: 'controls'}, element('label', {class: 'inline'}, element('input', {type: 'checkbox', change: (event) =>
          event.target.checked ? show(failed, 'Failed lines of the batch') : show(lines.rows, 'Lines of the batch')}), 'Failed lines only')));
    }
    show(lines.rows, 'Lines of the batch');
    place.append(shown);
  }
}
