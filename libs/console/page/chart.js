/**
 * Draws calls per minute of one hour as bars, with a description and a table for who does not see it.
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

/** @param {import('./readers.js').BusyHour} hour */
export function minuteChart({ integrationId, start, minutes }) {
  const peak = minutes.reduce((best, minute) => (minute.calls > best.calls ? minute : best));
  const top = roundUp(peak.calls);
  const step = (WIDTH - LEFT) / minutes.length;
  const yOf = (/** @type {number} */ calls) => GROUND - (calls / top) * (GROUND - TOP);
  const window = {
    integration: integrationId,
    day: day(start),
    from: clock(start),
    to: clock(endOf(minutes)),
  };
  const description = text('chart.description', {
    ...window,
    peakTime: clock(peak.at),
    peak: number(peak.calls),
    sum: number(minutes.reduce((sum, { calls }) => sum + calls, 0)),
  });
  const bars = minutes.map((minute, index) => {
    const height = minute.calls === 0 ? 0 : Math.max(1.5, GROUND - yOf(minute.calls));
    return drawing(
      'rect',
      {
        class: minute === peak ? 'bar bar-peak' : 'bar',
        x: (LEFT + index * step + step * 0.14).toFixed(2),
        y: (GROUND - height).toFixed(2),
        width: (step * 0.72).toFixed(2),
        height: height.toFixed(2),
        rx: 1.5,
      },
      drawing('title', {}, text('chart.bar', { time: clock(minute.at), calls: number(minute.calls) })),
    );
  });
  return element(
    'figure',
    { class: 'chart' },
    element(
      'figcaption',
      {},
      element('h3', {}, text('chart.title')),
      element('p', { class: 'small' }, text('chart.when', window)),
    ),
    element(
      'div',
      {
        class: 'frame',
        tabindex: '0',
        role: 'region',
        'aria-label': text('chart.title'),
        'data-key': 'chart',
      },
      drawing(
        'svg',
        { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-labelledby': 'chart-name chart-words' },
        drawing('title', { id: 'chart-name' }, text('chart.title')),
        drawing('desc', { id: 'chart-words' }, description),
        ...gridLines(top, yOf),
        ...bars,
        ...timeMarks(minutes, step),
        peakMark(peak, minutes.indexOf(peak), step, yOf(peak.calls)),
      ),
    ),
    asTable(minutes),
  );
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

/** @param {{ at: Date }[]} minutes @param {number} step */
function timeMarks(minutes, step) {
  return minutes
    .filter((_, index) => index % 15 === 0)
    .map(({ at }, index) =>
      drawing('text', { class: 'mark-text', x: LEFT + index * 15 * step, y: HEIGHT - 6 }, clock(at)),
    );
}

/** @param {{ at: Date, calls: number }} peak @param {number} index @param {number} step @param {number} y */
function peakMark(peak, index, step, y) {
  const anchor = index < 6 ? 'start' : index > 53 ? 'end' : 'middle';
  return drawing(
    'text',
    { class: 'peak-text', x: LEFT + (index + 0.5) * step, y: y - 7, 'text-anchor': anchor },
    text('chart.peak', { peak: number(peak.calls), time: clock(peak.at) }),
  );
}

/** @param {{ at: Date, calls: number }[]} minutes */
function asTable(minutes) {
  const columns = [{ title: text('chart.minute') }, { title: text('chart.calls'), isNumber: true }];
  return element(
    'details',
    { 'data-key': 'chart-table' },
    element('summary', { 'data-key': 'chart-summary' }, text('chart.asTable')),
    table(
      text('chart.title'),
      columns,
      minutes.map(({ at, calls }) => [clock(at), number(calls)]),
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
