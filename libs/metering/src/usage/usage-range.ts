import { fields, Quarter } from '@taxameter/contracts';
import { windowNamed, windowOf, type Granularity } from '../counters/window.js';

/**
 * From what somebody asks for to whole windows. A range that does not lie on window edges is refused, not rounded: a day
 * asked for from UTC midnight would silently be another day than the one meant.
 */
export class UnusableQuery extends Error {
  constructor(
    /** The query parameter that is wrong. */
    readonly field: string,
    /** One sentence that says what to do. */
    readonly reason: string,
  ) {
    super(`${field}: ${reason}`);
  }
}

export interface AskedRange {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly quarter?: string | undefined;
}

/** Half-open, on window edges; the keys name the first window inside and the first one after. */
export interface UsageRange {
  readonly start: Date;
  readonly end: Date;
  readonly fromKey: string;
  readonly toKey: string;
}

const DAY_MS = 86_400_000;

// At most this much may be asked for at once: about 45,000 minutes, 2,200 hours, 800 days, 80 quarters for each pair. An
// hour may span the longest quarter (92 days and an hour).
const LONGEST_DAYS: Readonly<Record<Granularity, number>> = {
  minute: 31,
  hour: 93,
  day: 800,
  quarter: 7_320,
};

const EARLIEST = new Date('2001-01-01T00:00:00Z');
const LATEST = new Date('2099-01-01T00:00:00Z');

/**
 * @param now decides the quarter when no range is given, which only days and quarters allow
 * @throws UnusableQuery
 */
export function usageRange(granularity: Granularity, asked: AskedRange, now: Date): UsageRange {
  const { start, end } = bounds(granularity, asked, now);
  refuseLong(granularity, asked.quarter === undefined ? 'to' : 'quarter', start, end);
  return {
    start,
    end,
    fromKey: windowOf(granularity, start).key,
    toKey: windowOf(granularity, end).key,
  };
}

/** @throws UnusableQuery when the range is empty or longer than may be asked for at once */
export function refuseLong(granularity: Granularity, field: string, start: Date, end: Date): void {
  if (end <= start) throw new UnusableQuery('to', 'must lie after from: the range is half-open, [from, to)');
  const days = LONGEST_DAYS[granularity];
  if (end.getTime() - start.getTime() <= days * DAY_MS) return;
  const coarser = granularity === 'quarter' ? '' : ', or take a coarser granularity';
  throw new UnusableQuery(
    field,
    `by ${granularity} at most ${days} days may be asked for at once: ask in parts${coarser}`,
  );
}

function bounds(granularity: Granularity, { from, to, quarter }: AskedRange, now: Date) {
  if (quarter !== undefined) {
    if (from !== undefined || to !== undefined) {
      throw new UnusableQuery('quarter', 'cannot stand beside from and to: give the one or the others');
    }
    if (!fields.quarterName.safeParse(quarter).success || quarter < '2001-Q1' || quarter >= '2099-Q1') {
      throw new UnusableQuery('quarter', 'is not a quarter such as 2026-Q3');
    }
    return Quarter.parse(quarter);
  }
  if (from === undefined && to === undefined) {
    if (granularity === 'minute' || granularity === 'hour') {
      throw new UnusableQuery('from', `is missing: by ${granularity}, give from and to`);
    }
    return Quarter.of(now);
  }
  if (from === undefined) throw new UnusableQuery('from', 'is missing: to cannot stand alone');
  if (to === undefined) throw new UnusableQuery('to', 'is missing: from cannot stand alone');
  return { start: edge(granularity, 'from', from), end: edge(granularity, 'to', to) };
}

function edge(granularity: Granularity, field: 'from' | 'to', text: string): Date {
  const isCalendar = granularity === 'day' || granularity === 'quarter';
  const startOf = isCalendar ? (date: string) => windowNamed('day', date).start : null;
  const instant = parseInstant(field, text, startOf);
  const { start } = windowOf(granularity, instant);
  if (start.getTime() !== instant.getTime()) {
    const zone = isCalendar ? 'Copenhagen' : 'UTC';
    throw new UnusableQuery(
      field,
      `must be where a ${granularity} begins in ${zone}; the one before begins at ${start.toISOString()}`,
    );
  }
  return instant;
}

/**
 * @param startOf where a date begins; it throws when there is no such day. null: dates are not taken
 * @throws UnusableQuery
 */
export function parseInstant(
  field: 'from' | 'to',
  text: string,
  startOf: ((date: string) => Date) | null,
): Date {
  const instant = startOf && /^\d{4}-\d{2}-\d{2}$/.test(text) ? dateStart(field, text, startOf) : null;
  if (instant === null && !fields.instant.safeParse(text).success) {
    const date = startOf ? ', or a date such as 2026-10-05' : '';
    throw new UnusableQuery(
      field,
      `is not an instant such as 2026-10-05T07:00:00Z (write the + of an offset as %2B)${date}`,
    );
  }
  const found = instant ?? new Date(text);
  if (found < EARLIEST || found > LATEST) {
    throw new UnusableQuery(field, 'must lie between the years 2001 and 2099');
  }
  return found;
}

function dateStart(field: 'from' | 'to', text: string, startOf: (date: string) => Date): Date {
  try {
    return startOf(text);
  } catch {
    throw new UnusableQuery(field, 'is not a day of the calendar');
  }
}
