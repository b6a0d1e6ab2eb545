/**
 * Draws what was counted in stretches of one length as bars, with a description and a table for who does not see them.
 */
import { drawing, element, table } from './dom.js';
import { clock, day, number, text } from './words.js';

const WIDTH = 720;
const HEIGHT = 160;
const LEFT = 44;
const TOP = 22;
const BOTTOM = 26;
const GROUND = HEIGHT - BOTTOM;
const MINUTE_MS = 60_000;

/** @typedef {{ at: Date, value: number | null }} Bar null: nothing is known of it */
/**
 * @typedef {object} Chart
 * @property {string} key of its own on the page
 * @property {string} title
 * @property {string} when
 * @property {string} description all of it in words
 * @property {Bar[]} bars at equal distances, oldest first, one of them known
 * @property {number | null} limit drawn as a line
 * @property {{ at: string, value: string }} columns of the table
 */

/** @param {import('./readers.js').BusyHour} hour */
export function minuteChart({ integrationId, start, minutes }) {
  const peak = minutes.reduce((best, minute) => (minute.calls > best.calls ? minute : best));
  const window = {
    integration: integrationId,
    day: day(start),
    from: clock(start),
    to: clock(endOf(minutes)),
  };
  return barChart({
    key: 'chart',
    title: text('chart.title'),
    when: text('chart.when', window),
    description: text('chart.description', {
      ...window,
      peakTime: clock(peak.at),
      peak: number(peak.calls),
      sum: number(minutes.reduce((sum, { calls }) => sum + calls, 0)),
    }),
    bars: minutes.map(({ at, calls }) => ({ at, value: calls })),
    limit: null,
    columns: { at: text('chart.minute'), value: text('chart.calls') },
  });
}

/** @param {Chart} chart */
export function barChart({ key, title, when, description, bars, limit, columns }) {
  const known = bars.filter(({ value }) => value !== null);
  const most = Math.max(...known.map(({ value }) => value ?? 0));
  const peakIndex = bars.findIndex(({ value }) => value === most);
  const top = roundUp(Math.max(most, limit ?? 0));
  const step = (WIDTH - LEFT) / bars.length;
  const yOf = (/** @type {number} */ value) => GROUND - (value / top) * (GROUND - TOP);
  const drawn = bars.map(({ at, value }, index) => {
    const height = value ? Math.max(1.5, GROUND - yOf(value)) : 0;
    // Few bars would be beams.
    const width = Math.min(step * 0.72, 40);
    return drawing(
      'rect',
      {
        class: index === peakIndex ? 'bar bar-peak' : 'bar',
        x: (LEFT + (index + 0.5) * step - width / 2).toFixed(2),
        y: (GROUND - height).toFixed(2),
        width: width.toFixed(2),
        height: height.toFixed(2),
        rx: 1.5,
      },
      value !== null &&
        drawing(
          'title',
          {},
          text('chart.bar', { time: clock(at), value: number(value), what: columns.value }),
        ),
    );
  });
  return element(
    'figure',
    { class: 'chart' },
    element('figcaption', {}, element('h3', {}, title), element('p', { class: 'small' }, when)),
    element(
      'div',
      { class: 'frame', tabindex: '0', role: 'region', 'aria-label': title, 'data-key': key },
      drawing(
        'svg',
        {
          viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
          role: 'img',
          'aria-labelledby': `${key}-name ${key}-words`,
        },
        drawing('title', { id: `${key}-name` }, title),
        drawing('desc', { id: `${key}-words` }, description),
        ...gridLines(top, yOf),
        ...drawn,
        ...timeMarks(bars, step),
        peakMark(bars, peakIndex, step, yOf(most)),
        ...(limit === null ? [] : limitLine(limit, yOf(limit))),
      ),
    ),
    asTable(key, title, known, columns),
  );
}

/** @param {number} limit @param {number} y */
function limitLine(limit, y) {
  return [
    drawing('line', { class: 'limit', x1: LEFT, x2: WIDTH, y1: y, y2: y }),
    drawing(
      'text',
      { class: 'limit-text', x: WIDTH, y: y + 13, 'text-anchor': 'end' },
      text('chart.limit', { limit: number(limit) }),
    ),
  ];
}

/** @param {number} top @param {(calls: number) => number} yOf */
function gridLines(top, yOf) {
  return [0, 0.5, 1].flatMap((part) => {
    const y = yOf(top * part);
    return [
      drawing('line', { class: part === 0 ? 'ground' : 'grid', x1: LEFT, x2: WIDTH, y1: y, y2: y }),
      drawing(
        'text',
        { class: 'mark-text', x: LEFT - 8, y: y + 4, 'text-anchor': 'end' },
        number(top * part),
      ),
    ];
  });
}

/** @param {Bar[]} bars @param {number} step */
function timeMarks(bars, step) {
  const every = bars.length <= 6 ? 1 : bars.length <= 20 ? 5 : 15;
  return bars.flatMap(({ at }, index) => {
    if (index % every !== 0) return [];
    return [drawing('text', { class: 'mark-text', x: LEFT + index * step, y: HEIGHT - 6 }, clock(at))];
  });
}

/** @param {Bar[]} bars @param {number} index @param {number} step @param {number} y */
function peakMark(bars, index, step, y) {
  const { at, value } = /** @type {Bar} */ (bars[index]);
  const share = index / bars.length;
  const anchor = share < 0.1 ? 'start' : share > 0.88 ? 'end' : 'middle';
  return drawing(
    'text',
    { class: 'peak-text', x: LEFT + (index + 0.5) * step, y: y - 7, 'text-anchor': anchor },
    text('chart.peak', { peak: number(value ?? 0), time: clock(at) }),
  );
}

/** @param {string} key @param {string} title @param {Bar[]} bars @param {Chart['columns']} columns */
function asTable(key, title, bars, columns) {
  return element(
    'details',
    { 'data-key': `${key}-table` },
    element('summary', { 'data-key': `${key}-summary` }, text('chart.asTable')),
    table(
      title,
      [{ title: columns.at }, { title: columns.value, isNumber: true }],
      bars.map(({ at, value }) => [clock(at), number(value ?? 0)]),
    ),
  );
}

/** @param {{ at: Date }[]} minutes */
function endOf(minutes) {
  return new Date((minutes.at(-1)?.at.getTime() ?? 0) + MINUTE_MS);
}

/** The next number that reads well on an axis and has a whole half. @param {number} value */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 2)));
  const step = [1, 1.5, 2, 3, 4, 6, 8, 10].find((candidate) => {
    const top = candidate * power;
    return top >= value && top >= 2 && Number.isInteger(top / 2);
  });
  return (step ?? 10) * power;
}
