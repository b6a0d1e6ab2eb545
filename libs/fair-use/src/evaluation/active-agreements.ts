import { endOfGrain } from '../signals/minute.js';

/** Knows over which time an agreement counts as active. */

/** Seven days of hours. */
const HOURS = 168;

/**
 * The hours that end after minute `from` and up to minute `to`: all that are over when a minute is judged. Of the hour that holds it, the minutes
 * up to it count, and not those after: how many agreements are active at a minute must not depend on when that is asked.
 */
export function hoursBefore(minute: number): { readonly from: number; readonly to: number } {
  const to = endOfGrain(minute, 60) - 60;
  return { from: to - HOURS * 60, to };
}
