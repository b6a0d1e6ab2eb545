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
 * The window that ends with the last day that is over, judged by the newest call that was read and never by a clock: a log that
 * is read again has the same profiles.
 */
export function profileWindow(newestCall: Date): ProfileWindow {
  const day = Math.floor((newestCall.getTime() - LATENESS_MS) / DAY_MS) - 1;
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
