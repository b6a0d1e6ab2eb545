import { windowNamed, type Granularity, type Window } from '../counters/window.js';
import { UnusableQuery, type AskedRange } from './usage-range.js';
import { zonedRange, type ZonedRange } from './zone-range.js';

/** What a reader must fetch for `GET /v1/usage`: checked, nothing contradictory left in it. */

export const DIMENSIONS = ['integration', 'agreement', 'route', 'statusClass'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** The status classes as they are named on the wire: by the first digit, 0 is none. */
export const STATUS_CLASSES = ['none', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

export interface AskedUsage extends AskedRange {
  readonly granularity: Granularity;
  readonly groupBy?: string | undefined;
  readonly integrationId?: string | undefined;
  readonly organizationId?: string | undefined;
  readonly statusClass?: (typeof STATUS_CLASSES)[number] | undefined;
  readonly route?: string | undefined;
  readonly timeZone?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** The last row of a page: its window, then its number in each dimension grouped by. */
export type RowKey = readonly [window: string, ...numbers: number[]];

export interface UsagePlan extends ZonedRange {
  readonly granularity: Granularity;
  /** In the order of `DIMENSIONS`; rows are ordered by window, then by these. */
  readonly groupBy: readonly Dimension[];
  readonly integrationId: string | null;
  /** '' asks for usage without agreement; null for all. */
  readonly organizationId: string | null;
  /** By the hour only; 0 is none. */
  readonly statusClass: number | null;
  /** By the hour only; '' asks for SMS, which have none. */
  readonly route: string | null;
  readonly limit: number;
  readonly after: RowKey | null;
}

/** @throws UnusableQuery naming the parameter and what to do */
export function planUsage(asked: AskedUsage, now: Date): UsagePlan {
  const { granularity, limit } = asked;
  const zoned = zonedRange(granularity, asked, now);
  const groupBy = parseGroupBy(granularity, asked.groupBy ?? 'integration,agreement');
  for (const name of ['statusClass', 'route'] as const) {
    if (asked[name] !== undefined && granularity !== 'hour') {
      throw new UnusableQuery(name, 'is counted by the hour only: take granularity=hour');
    }
  }
  return {
    granularity,
    ...zoned,
    groupBy,
    integrationId: asked.integrationId ?? null,
    organizationId: asked.organizationId ?? null,
    statusClass: asked.statusClass === undefined ? null : STATUS_CLASSES.indexOf(asked.statusClass),
    route: asked.route ?? null,
    limit,
    after: asked.cursor === undefined ? null : readCursor(asked.cursor, { granularity, groupBy, ...zoned }),
  };
}

function parseGroupBy(granularity: Granularity, text: string): Dimension[] {
  const asked = text.split(',');
  for (const name of asked) {
    if (!(DIMENSIONS as readonly string[]).includes(name)) {
      throw new UnusableQuery('groupBy', `is a list by comma of ${DIMENSIONS.join(', ')}`);
    }
    if ((name === 'route' || name === 'statusClass') && granularity !== 'hour') {
      throw new UnusableQuery('groupBy', `${name} is counted by the hour only: take granularity=hour`);
    }
  }
  return DIMENSIONS.filter((dimension) => asked.includes(dimension));
}

/** Opaque to the caller. It says what it was made for, so that it cannot be used with another grouping. */
export function writeCursor(plan: UsagePlan, last: RowKey): string {
  const text = JSON.stringify([windowsOf(plan), plan.groupBy.join(), ...last]);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

type Windows = ZonedRange & Pick<UsagePlan, 'granularity'>;

/** What the windows of a plan are: the days of two zones bear the same names. */
function windowsOf({ granularity, zone, days }: Windows): string {
  return days ? `${granularity} ${zone}` : granularity;
}

function readCursor(cursor: string, plan: Windows & Pick<UsagePlan, 'groupBy'>): RowKey {
  const { groupBy } = plan;
  const [madeFor, madeBy, window, ...numbers] = decode(cursor);
  const isOurs =
    madeFor === windowsOf(plan) &&
    madeBy === groupBy.join() &&
    typeof window === 'string' &&
    isWindowIn(plan, window) &&
    numbers.length === groupBy.length &&
    numbers.every(
      (value) => typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31,
    );
  if (!isOurs) {
    throw new UnusableQuery(
      'cursor',
      'belongs to another question: leave it out and begin at the first page',
    );
  }
  return [window, ...(numbers as number[])];
}

/** Only a window of the range that was asked for: anything else would reach the database as a malformed date. */
function isWindowIn(plan: Windows, key: string): boolean {
  const { fromKey, toKey } = plan.range;
  if (key < fromKey || key >= toKey) return false;
  try {
    return windowIn(plan, key).key === key;
  } catch {
    return false;
  }
}

/**
 * The window of a plan with that key.
 * @throws RangeError when it has none
 */
export function windowIn({ granularity, days }: Windows, key: string): Window {
  if (!days) return windowNamed(granularity, key);
  const day = days.find((one) => one.key === key);
  if (!day) throw new RangeError(`"${key}" is not a day of the range`);
  return day;
}

function decode(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(atob(cursor.replaceAll('-', '+').replaceAll('_', '/')));
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
