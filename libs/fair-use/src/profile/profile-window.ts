/** Which days a profile covers. */
import { PROFILE_DAYS } from '@taxameter/contracts';

const MINUTES_OF_DAY = 1_440;
const DAY_MS = 86_400_000;
/** What comes later than this after midnight is in the profile of the next day. */
const LATENESS_MS = 3_600_000;

/** Days are whole days since 1970 in UTC, minutes likewise. */
export interface ProfileWindow {
  /** The last day, itself included. */
  readonly day: number;
  readonly fromMinute: number;
  /** Itself not included. */
  readonly toMinute: number;
}

/**
 * Up to which instant all partitions were read, by event time: the newest call of the one that is furthest behind. One that is read to
 * its end holds nothing back, however old its newest call is.
 * @param newestCalls of the partitions that were read, by partition
 * @param unread partitions that have records left to read
 * @returns null when nothing was read, or nothing of a partition that has records
 */
export function readUpTo<Partition>(
  newestCalls: ReadonlyMap<Partition, Date>,
  unread: readonly Partition[],
): Date | null {
  if (newestCalls.size === 0 || unread.some((partition) => !newestCalls.has(partition))) return null;
  const newestMs = Math.max(...[...newestCalls.values()].map((newest) => newest.getTime()));
  return new Date(Math.min(newestMs, ...unread.map((partition) => newestCalls.get(partition)!.getTime())));
}

/**
 * The window that ends with the last day that is over, judged by the calls that were read and never by a clock: a log that is read
 * again has the same profiles.
 * @param readTo as of `readUpTo`
 */
export function profileWindow(readTo: Date): ProfileWindow {
  const day = Math.floor((readTo.getTime() - LATENESS_MS) / DAY_MS) - 1;
  return {
    day,
    fromMinute: (day + 1 - PROFILE_DAYS) * MINUTES_OF_DAY,
    toMinute: (day + 1) * MINUTES_OF_DAY,
  };
}

/** `2026-10-04` of a day. */
export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
