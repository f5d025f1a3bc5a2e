// Throughput and lag over time.

const SAMPLES_MAX = 600;

class Activity {
  constructor(live) {
    this.live = live;
    this.samples = [];
    this.which = 'latest_run';
    this.history = null;
    this.throughput = new ChartPlace();
    this.said = element('p', {});
    this.lagSaid = element('p', {});
    const parts = [
      element('h3', {}, 'Throughput'), this.choice(), this.said,
      element('ul', {class: 'key'}, element('li', {}, element('i', {}), 'booked'),
              element('li', {}, element('i', {class: 'failed'}), 'failed')),
      this.throughput.node, element('h3', {}, 'Lag'), this.lagSaid,
    ];
    if (live) {
      this.lag = new ChartPlace();
      parts.push(this.lag.node);
    }
    byId('activity-body').replaceChildren(...parts);
  }

  choice() {
    const radio = (value, text) => element(
        'label', {class: 'inline'},
        element('input', {type: 'radio', name: 'period', value, checked: value === this.which, change: () => {
          this.which = value;
          this.showThroughput();
        }}), text);
    return element('fieldset', {class: 'controls'}, element('legend', {}, 'Period'),
                   radio('latest_run', 'Latest run'), radio('whole', 'All time'));
  }

  show(data) {
    if (data.history !== null) {
      this.history = data.history;
      this.showThroughput();
    }
    if (data.totals === null) {
      this.lagSaid.replaceChildren('It cannot be read.');
      return;
    }
    const {lag_lines: lines, lag_chunks: chunks} = data.totals;
    this.lagSaid.replaceChildren(visible(
        chunks === 0 ? 'None: everything that was accepted is in the store.' :
                       `${plural(lines, 'line')} in ${plural(chunks, 'chunk')} of the log are not in the store yet. They are durable, and every answer has them.`));
    const latest = this.samples[this.samples.length - 1];
    if (this.live && (!latest || latest.at < data.read_at_us)) {
      this.samples.push({at: data.read_at_us, lines, chunks});
      this.samples.splice(0, this.samples.length - SAMPLES_MAX);
      this.showLag();
    }
  }

  showThroughput() {
    if (this.history === null) {
      return;
    }
    const series = this.history[this.which];
    if (series.count === 0) {
      this.said.replaceChildren('Nothing was accepted yet.');
      this.throughput.show([], '');
      return;
    }
    const seconds = series.width_us / SECOND;
    const rate = (bucket) => bucket[1] / seconds;
    const begin = (bucket) => series.start_us + bucket[0] * series.width_us;
    const sum = (index) => series.buckets.reduce((total, bucket) => total + bucket[index], 0);
    const high = Math.max(...series.buckets.map(rate));
    const highBatches = Math.max(...series.buckets.map((bucket) => bucket[4]), 1);
    const said = `${plural(sum(1), 'line')} in ${plural(sum(4), 'batch', 'batches')}, from ${time(series.start_us)} UTC; ` +
        `each bar is ${duration(seconds)}, the highest ${decimal(Math.round(high))} lines a second.`;
    this.said.replaceChildren(visible(said));
    const place = {start: series.start_us, end: series.start_us + series.count * series.width_us, text: said};
    const label = (bucket) => `${time(begin(bucket))}: ${plural(bucket[1], 'line')}, ${decimal(bucket[2])} failed, ` +
        `${plural(bucket[4], 'batch', 'batches')} begun`;
    this.throughput.show([
      {...place, id: 'lines', title: 'Lines a second over time', unit: 'lines/s', height: 200, high,
       draw: stackedBars(series, [
         {class: 'booked', value: (bucket) => (bucket[1] - bucket[2]) / seconds},
         {class: 'failed', value: (bucket) => bucket[2] / seconds},
       ], label)},
      {...place, id: 'begun', title: 'Batches begun over time', unit: `batches begun in ${duration(seconds)}`, height: 110,
       high: highBatches, draw: stackedBars(series, [{class: 'count', value: (bucket) => bucket[4]}], label)},
    ], table(`Lines and batches in each ${duration(seconds)}; those with none are left out`, [
      {name: 'From (UTC)', class: 'nowrap', cell: (bucket) => seconds < 1 ? dateOf(begin(bucket)).toISOString().slice(0, 21).replace('T', ' ') : time(begin(bucket))},
      {name: 'Lines', class: 'number', cell: (bucket) => decimal(bucket[1])},
      {name: 'Lines/s', class: 'number', cell: (bucket) => decimal(Math.round(rate(bucket)))},
      {name: 'Failed', class: 'number', cell: (bucket) => decimal(bucket[2])},
      {name: 'Batches begun', class: 'number', cell: (bucket) => decimal(bucket[4])},
    ], series.buckets));
  }

  showLag() {
    const samples = this.samples;
    const first = samples[0].at;
    const last = Math.max(samples[samples.length - 1].at, first + 60 * SECOND);
    const high = Math.max(...samples.map((sample) => sample.lines));
    this.lag.show([{
      id: 'lag', title: 'Lines not in the store over time', unit: 'lines not in the store', height: 130, start: first, end: last, high,
      text: `Since this page was opened: at most ${decimal(high)} lines.`,
      draw: (x, y, bottom) => {
        const path = samples.map((sample) => `${x(sample.at).toFixed(1)} ${y(sample.lines).toFixed(1)}`).join(' L');
        return [
          drawing('path', {class: 'area', d: `M${x(first)} ${bottom} L${path} L${x(samples[samples.length - 1].at).toFixed(1)} ${bottom} Z`}),
          drawing('path', {class: 'line', d: `M${path}`}),
        ];
      },
    }], table('Lag since this page was opened, the latest first', [
      {name: 'At (UTC)', class: 'nowrap', cell: (sample) => time(sample.at)},
      {name: 'Lines', class: 'number', cell: (sample) => decimal(sample.lines)},
      {name: 'Chunks', class: 'number', cell: (sample) => decimal(sample.chunks)},
    ], samples.slice(-60).reverse()));
  }
}
