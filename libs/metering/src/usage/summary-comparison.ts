import { divideHalfUp, Quarter } from '@taxameter/contracts';
import { MEASURES, type Measures } from '../counters/usage-sums.js';
import { windowNamed } from '../counters/window.js';
import type { UsageRange } from './usage-range.js';

/** Totals of a range of days held against those of the period before it. */

const DAY_MS = 86_400_000;

/** Of a whole quarter the quarter before, else as many days before as the range has: 90 after 92, but 31 before 31. */
export function rangeBefore({ start, end, fromKey, toKey }: UsageRange): UsageRange {
  const quarter = Quarter.of(start);
  if (quarter.start.getTime() === start.getTime() && quarter.end.getTime() === end.getTime()) {
    const before = quarter.previous();
    return { start: before.start, end: start, fromKey: before.firstDay(), toKey: fromKey };
  }
  // By the calendar: in UTC every date has 24 hours, in Copenhagen not.
  const days = (Date.parse(toKey) - Date.parse(fromKey)) / DAY_MS;
  const first = new Date(Date.parse(fromKey) - days * DAY_MS).toISOString().slice(0, 10);
  return { start: windowNamed('day', first).start, end: start, fromKey: first, toKey: fromKey };
}

/** For each measure how much more than before; negative for less. */
export function differences(now: Measures, before: Measures): Measures {
  return forEach((measure) => now[measure] - before[measure]);
}

/** The same in thousandths of before, rounded half up; null where there was nothing before. */
export function changePerMille(now: Measures, before: Measures): Record<keyof Measures, number | null> {
  return forEach((measure) =>
    before[measure] === 0
      ? null
      : Number(divideHalfUp(1_000n * BigInt(now[measure] - before[measure]), BigInt(before[measure]))),
  );
}

function forEach<Value>(valueOf: (measure: keyof Measures) => Value): Record<keyof Measures, Value> {
  const entries = MEASURES.map((measure) => [measure, valueOf(measure)]);
  return Object.fromEntries(entries) as Record<keyof Measures, Value>;
}
