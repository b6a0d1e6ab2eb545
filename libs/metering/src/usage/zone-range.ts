import { ZONE } from '@taxameter/contracts';
import type { Granularity, Window } from '../counters/window.js';
import { checkTimeZone, dateIn, dayIn, daysIn, refuseBrokenOffset } from './time-zone.js';
import { parseInstant, refuseLong, UnusableQuery, usageRange, type AskedRange } from './usage-range.js';
import type { UsageRange } from './usage-range.js';

/** The range of a question that names a time zone. */

export interface ZonedRange {
  readonly range: UsageRange;
  /** The zone in which windows are shown; null: as instants of UTC. */
  readonly zone: string | null;
  /** The days of a zone other than Copenhagen, to be summed from hours; null: the windows are counted as they are. */
  readonly days: readonly Window[] | null;
}

/** @throws UnusableQuery */
export function zonedRange(
  granularity: Granularity,
  asked: AskedRange & { readonly timeZone?: string | undefined },
  now: Date,
): ZonedRange {
  const { timeZone } = asked;
  if (timeZone === undefined) return { range: usageRange(granularity, asked, now), zone: null, days: null };
  checkTimeZone(timeZone);
  if (granularity !== 'hour' && granularity !== 'day') {
    throw new UnusableQuery('timeZone', 'is for hours and days: leave it out, or take another granularity');
  }
  if (granularity === 'hour' || timeZone === ZONE) {
    return { range: usageRange(granularity, asked, now), zone: timeZone, days: null };
  }
  const range = daysRange(timeZone, asked);
  return { range, zone: timeZone, days: daysIn(timeZone, range.start, range.end) };
}

function daysRange(zone: string, { from, to, quarter }: AskedRange): UsageRange {
  if (quarter !== undefined) {
    throw new UnusableQuery('quarter', `is one of ${ZONE}: for days of ${zone} give from and to`);
  }
  if (from === undefined) throw new UnusableQuery('from', `is missing: for days of ${zone} give from and to`);
  if (to === undefined) throw new UnusableQuery('to', 'is missing: from cannot stand alone');
  const [start, end] = [edge(zone, 'from', from), edge(zone, 'to', to)];
  // They are summed from hours, so they are limited as hours are.
  refuseLong('hour', 'to', start, end);
  return { start, end, fromKey: dateIn(zone, start), toKey: dateIn(zone, end) };
}

function edge(zone: string, field: 'from' | 'to', text: string): Date {
  const instant = parseInstant(field, text, (date) => dayIn(zone, date).start);
  refuseBrokenOffset(zone, instant);
  const { start } = dayIn(zone, dateIn(zone, instant));
  if (start.getTime() === instant.getTime()) return instant;
  throw new UnusableQuery(
    field,
    `must be where a day begins in ${zone}; the one before begins at ${start.toISOString()}`,
  );
}
