import { windowNamed, type Granularity } from '../counters/window.js';
import { UnusableQuery, usageRange, type AskedRange, type UsageRange } from './usage-range.js';

/** What a reader must fetch for `GET /v1/usage`: checked, nothing contradictory left in it. */

export const DIMENSIONS = ['integration', 'agreement', 'route', 'statusClass'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export interface AskedUsage extends AskedRange {
  readonly granularity: Granularity;
  readonly groupBy?: string | undefined;
  readonly integrationId?: string | undefined;
  readonly organizationId?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** The last row of a page: its window, then its number in each dimension grouped by. */
export type RowKey = readonly [window: string, ...numbers: number[]];

export interface UsagePlan {
  readonly granularity: Granularity;
  readonly range: UsageRange;
  /** In the order of `DIMENSIONS`; rows are ordered by window, then by these. */
  readonly groupBy: readonly Dimension[];
  readonly integrationId: string | null;
  /** '' asks for usage without agreement; null for all. */
  readonly organizationId: string | null;
  readonly limit: number;
  readonly after: RowKey | null;
}

/** @throws UnusableQuery naming the parameter and what to do */
export function planUsage(asked: AskedUsage, now: Date): UsagePlan {
  const { granularity, limit } = asked;
  const range = usageRange(granularity, asked, now);
  const groupBy = parseGroupBy(granularity, asked.groupBy ?? 'integration,agreement');
  return {
    granularity,
    range,
    groupBy,
    integrationId: asked.integrationId ?? null,
    organizationId: asked.organizationId ?? null,
    limit,
    after: asked.cursor === undefined ? null : readCursor(asked.cursor, { granularity, groupBy, range }),
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
export function writeCursor({ granularity, groupBy }: UsagePlan, last: RowKey): string {
  const text = JSON.stringify([granularity, groupBy.join(), ...last]);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function readCursor(
  cursor: string,
  { granularity, groupBy, range }: Pick<UsagePlan, 'granularity' | 'groupBy' | 'range'>,
): RowKey {
  const [madeFor, madeBy, window, ...numbers] = decode(cursor);
  const isOurs =
    madeFor === granularity &&
    madeBy === groupBy.join() &&
    typeof window === 'string' &&
    isWindowIn(granularity, range, window) &&
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
function isWindowIn(granularity: Granularity, range: UsageRange, key: string): boolean {
  if (key < range.fromKey || key >= range.toKey) return false;
  try {
    return windowNamed(granularity, key).key === key;
  } catch {
    return false;
  }
}

function decode(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(atob(cursor.replaceAll('-', '+').replaceAll('_', '/')));
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
