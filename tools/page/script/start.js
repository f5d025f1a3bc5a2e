// Where the data comes from: from the page itself, or from the server that it came from.

const PULSE_MILLIS = 2000;

class Embedded {
  constructor(data) {
    this.byBatch = new Map((data.lines || []).map((lines) => [JSON.stringify([lines.tenant, lines.batch]), lines]));
  }

  async lines(batch) {
    return this.byBatch.get(JSON.stringify([batch.tenant, batch.batch])) || null;
  }
}

class Server {
  async get(name, parameters) {
    const query = parameters ? '?' + new URLSearchParams(parameters) : '';
    const answer = await fetch('api/' + name + query, {cache: 'no-store', credentials: 'omit'});
    const data = await answer.json();
    if (!answer.ok) {
      throw new Error(data.error || `the server answered ${answer.status}`);
    }
    return data;
  }

  async lines(batch) {
    return (await this.get('batch', {tenant: batch.tenant, batch: batch.batch})).lines;
  }
}

const SECTION_OF = {totals: 'overview', history: 'activity', lines: 'batches', dead_letters: 'dead-letters'};

// Above each section, why something is missing in it. The proof says so itself.
function showTroubles(troubles) {
  for (const old of document.querySelectorAll('.unreadable')) {
    old.remove();
  }
  for (const {part, message} of troubles) {
    if (part !== 'proof') {
      byId(SECTION_OF[part] || part).querySelector('h2').after(element('p', {class: 'notice bad unreadable'}, `Not all of this can be read: ${message}`));
    }
  }
}

class Page {
  constructor(source, live) {
    this.source = source;
    this.activity = new Activity(live);
    this.batches = new Batches(source);
  }

  show(data) {
    showTitle(data);
    showAsOf(data);
    showOverview(data);
    this.activity.show(data);
    this.section('stock', data.stock, () => showStock(data.stock));
    this.section('batches', data.batches, () => this.batches.show(data));
    this.section('dead-letters', data.dead_letters, () => showDeadLetters(data));
    this.section('reviews', data.reviews, () => showReviews(data));
    showTroubles(data.troubles);
  }

  section(id, part, show) {
    byId(`${id}-body`).hidden = part === null;
    if (part !== null) {
      this.unlessInUse(id, show);
    }
  }

  // What somebody reads does not change under his hands: a button brings the news.
  unlessInUse(id, show) {
    const section = byId(id);
    const button = section.querySelector('.news');
    if (button) {
      button.remove();
    }
    if (!section.querySelector('[aria-expanded="true"], details[open]') && !section.contains(document.activeElement)) {
      show();
      return;
    }
    const news = element('button', {type: 'button', class: 'news', click: () => {
      news.remove();
      show();
    }}, 'There is newer data: show it');
    section.querySelector('h2').after(news);
  }
}

class Live {
  constructor() {
    this.server = new Server();
    this.page = new Page(this.server, true);
    this.lsn = null;
    this.paused = false;
    byId('live').hidden = false;
    byId('live-pause').addEventListener('click', () => {
      this.paused = !this.paused;
      byId('live-pause').setAttribute('aria-pressed', String(this.paused));
      this.say(this.paused ? 'Paused' : 'Live');
    });
  }

  say(text) {
    if (byId('live-state').textContent !== text) {
      byId('live-state').textContent = text;
    }
  }

  async look() {
    const pulse = this.lsn === null ? null : await this.server.get('pulse');
    if (pulse === null || pulse.as_of_lsn !== this.lsn) {
      const snapshot = await this.server.get('snapshot');
      this.lsn = snapshot.as_of_lsn;
      this.page.show(snapshot);
    }
    if (pulse !== null) {
      showAsOf(pulse);
      this.page.activity.show(pulse);
    }
  }

  async run() {
    for (;;) {
      if (!this.paused && !document.hidden) {
        try {
          await this.look();
          byId('trouble').hidden = true;
          this.say('Live');
        } catch (error) {
          byId('trouble').textContent = visible(`No new data: ${error.message}`);
          byId('trouble').hidden = false;
          this.say('Not connected');
        }
      }
      await new Promise((resolve) => setTimeout(resolve, PULSE_MILLIS));
    }
  }
}

const embedded = JSON.parse(byId('data').textContent);
if (embedded === null) {
  new Live().run();
} else {
  new Page(new Embedded(embedded), false).show(embedded);
}
