/**
 * A minute is the smallest window of a rule: a whole number of minutes since 1970 in UTC. Minutes are
 * half-open, so a call at :59.999 and one at :00.000 never share one, and UTC has neither a missing nor a
 * double hour.
 */

export const MINUTE_MS = 60_000;

/** A minute is cut into slots of so many ms, for what only a few seconds show. */
export const SLOT_MS = 5_000;
export const SLOT_SECONDS = SLOT_MS / 1000;
export const SLOTS_PER_MINUTE = MINUTE_MS / SLOT_MS;

/** Rows stand for a minute, or for an hour of UTC. */
export type GrainMinutes = 1 | 60;

/**
 * The last minute of the minute or hour that holds one: by it rows are named, so that a window that ends with it holds the whole
 * row, and a row is closed when that minute is.
 */
export function endOfGrain(minute: number, grain: GrainMinutes): number {
  return minute - (minute % grain) + grain - 1;
}

/**
 * The minute in which an instant lies.
 * @param time RFC 3339 with `Z` or an offset; the instant decides, not the date as written
 * @throws RangeError when the text is not an instant
 */
export function minuteOf(time: string): number {
  return placeOf(time).minute;
}

/**
 * The minute in which an instant lies, and how far into it: 0 to 59,999 ms.
 * @throws RangeError when the text is not an instant
 */
export function placeOf(time: string): { readonly minute: number; readonly msIntoMinute: number } {
  const ms = Date.parse(time);
  if (Number.isNaN(ms)) throw new RangeError(`"${time}" is not an instant`);
  const minute = Math.floor(ms / MINUTE_MS);
  return { minute, msIntoMinute: ms - minute * MINUTE_MS };
}

/** First instant of a minute, RFC 3339 in UTC; it is also where the minute before ends. */
export function minuteStart(minute: number): string {
  return new Date(minute * MINUTE_MS).toISOString();
}
