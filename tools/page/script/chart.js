// Charts over time: SVG with axes, units and a table that says the same.

const SECOND = 1e6;  // times are microseconds
const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400,
               172800, 604800, 2419200, 7776000, 31536000].map((step) => step * SECOND);

// About `count` round numbers from 0 to at least `high`, no parts of one.
function ticksUpTo(high, count) {
  const top = Math.max(high, 1);
  const rough = Math.max(top / count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999 && Number.isInteger(size));
  const ticks = [];
  for (let tick = 0; tick < top + step * 0.999; tick += step) {
    ticks.push(Number(tick.toPrecision(12)));
  }
  return ticks;
}

function clockText(micros, step) {
  const date = dateOf(micros);
  if (!date) {
    return '';
  }
  const text = date.toISOString();
  if (step < SECOND) {
    return text.slice(11, 21);
  }
  if (step < 60 * SECOND) {
    return text.slice(11, 19);
  }
  if (step < 86400 * SECOND) {
    return text.slice(11, 16);
  }
  return text.slice(0, 10);
}

// {title, text, unit, height, start, end (microseconds), high, draw(x, y, plot)}: an SVG of `width`
// pixels. draw gives the marks; x(time) and y(value) are their places.
function timeChart(width, chart) {
  const left = 46;
  const right = width - 8;
  const top = 22;
  const bottom = chart.height - 24;
  const ticks = ticksUpTo(chart.high, chart.height > 130 ? 4 : 2);
  const high = ticks[ticks.length - 1];
  const span = Math.max(chart.end - chart.start, 1);
  const x = (at) => left + ((at - chart.start) / span) * (right - left);
  const y = (value) => bottom - (value / high) * (bottom - top);
  const title = drawing('title', {}, chart.title);
  const text = drawing('desc', {}, chart.text);
  title.id = `${chart.id}-title`;
  text.id = `${chart.id}-text`;
  const svg = drawing('svg', {
    viewBox: `0 0 ${width} ${chart.height}`,
    role: 'img',
    'aria-labelledby': `${title.id} ${text.id}`,
  }, title, text);
  svg.append(drawing('text', {x: 0, y: 10}, chart.unit));
  for (const tick of ticks) {
    svg.append(drawing('line', {class: tick === 0 ? 'axis' : 'grid', x1: left, x2: right, y1: y(tick), y2: y(tick)}));
    svg.append(drawing('text', {x: left - 6, y: y(tick) + 4, 'text-anchor': 'end'}, brief(tick)));
  }
  const room = Math.max(2, Math.floor((right - left) / 92));
  const step = STEPS.find((size) => span / size <= room) || STEPS[STEPS.length - 1] * Math.ceil(span / room / 31536e9);
  for (let at = Math.ceil(chart.start / step) * step; at <= chart.end; at += step) {
    svg.append(drawing('line', {class: 'axis', x1: x(at), x2: x(at), y1: bottom, y2: bottom + 4}));
    const anchor = x(at) > right - 24 ? 'end' : x(at) < left + 24 ? 'start' : 'middle';
    svg.append(drawing('text', {x: x(at), y: bottom + 18, 'text-anchor': anchor}, clockText(at, step)));
  }
  svg.append(...chart.draw(x, y, bottom));
  return svg;
}

// Bars from bucket to bucket. layers: [{class, value(bucket)}], one upon the other; label(bucket) is
// the text of a bar.
function stackedBars(series, layers, label) {
  return (x, y) => series.buckets.flatMap((bucket) => {
    const begin = series.start_us + bucket[0] * series.width_us;
    const from = x(begin);
    const width = Math.max(x(begin + series.width_us) - from - 1, 1);
    let below = 0;
    return layers.map((layer) => {
      const value = layer.value(bucket);
      const mark = drawing(
          'rect', {class: layer.class, x: from, width, y: y(below + value), height: Math.max(y(below) - y(below + value), 0)},
          drawing('title', {}, label(bucket)));
      below += value;
      return mark;
    });
  });
}

// A place for charts that draws them again when its width changes. Its table stays open or closed.
class ChartPlace {
  constructor() {
    this.figure = element('figure', {class: 'chart'});
    this.rows = element('div', {});
    this.node = element('div', {}, this.figure,
                        element('details', {class: 'table'}, element('summary', {}, 'The same as a table'), this.rows));
    this.width = 0;
    this.charts = [];
    new ResizeObserver(() => this.draw(false)).observe(this.node);
  }

  show(charts, tableNode) {
    this.charts = charts;
    this.rows.replaceChildren(tableNode);
    this.draw(true);
  }

  draw(changed) {
    const width = Math.floor(this.node.clientWidth);
    if (width > 0 && (changed || width !== this.width)) {
      this.width = width;
      this.figure.replaceChildren(...this.charts.map((chart) => timeChart(width, chart)));
    }
  }
}
