import { copenhagenDate, Quarter, startOfCopenhagenDay } from '@taxameter/contracts';

/**
 * The windows in which usage is counted. Minutes and hours are UTC, so no hour is missing or doubled in a night when the
 * clock is moved; days and quarters are those of the calendar in Copenhagen.
 */

export const GRANULARITIES = ['minute', 'hour', 'day', 'quarter'] as const;
export type Granularity = (typeof GRANULARITIES)[number];

export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

/** Half-open interval [start, end) of UTC instants; `key` names it: `2026-10-05T07:00:00.000Z`, `2026-10-05`, `2026-Q4`. */
export interface Window {
  readonly key: string;
  readonly start: Date;
  readonly end: Date;
}

/** The window of that size in which an instant lies: exactly one. */
export function windowOf(granularity: Granularity, instant: Date): Window {
  switch (granularity) {
    case 'minute':
      return utcWindow(instant, MINUTE_MS);
    case 'hour':
      return utcWindow(instant, HOUR_MS);
    case 'day':
      return dayWindow(copenhagenDate(instant));
    case 'quarter':
      return quarterWindow(Quarter.of(instant));
  }
}

/**
 * The window with that key.
 * @throws RangeError when the key is not one of that granularity
 */
export function windowNamed(granularity: Granularity, key: string): Window {
  if (granularity === 'day') return dayWindow(key);
  if (granularity === 'quarter') return quarterWindow(Quarter.parse(key));
  return windowOf(granularity, new Date(key));
}

function utcWindow(instant: Date, lengthMs: number): Window {
  const startMs = Math.floor(instant.getTime() / lengthMs) * lengthMs;
  const start = new Date(startMs);
  return { key: start.toISOString(), start, end: new Date(startMs + lengthMs) };
}

function dayWindow(date: string): Window {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  const start = startOfCopenhagenDay(year, month, day);
  if (copenhagenDate(start) !== date) throw new RangeError(`"${date}" is not a day of the calendar`);
  return { key: date, start, end: startOfCopenhagenDay(year, month, day + 1) };
}

function quarterWindow(quarter: Quarter): Window {
  return { key: quarter.toString(), start: quarter.start, end: quarter.end };
}
