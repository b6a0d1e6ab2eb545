import type { ApiCall } from '@taxameter/contracts';
import type { WaitSettings } from '../policy/policy.js';
import { SLOT_MS, SLOTS_PER_MINUTE } from './minute.js';

/**
 * How long a 429 asks to wait, in whole slots of five seconds. A wait is kept with the minute in which the call began that was
 * answered so, wherever it lies: so it belongs to what that minute's calls did, and is settled with them.
 */

/** Waits begin in the minute of the call or in the next one; a 429 that took longer to be given is not followed. */
export const WAIT_STARTS = 2 * SLOTS_PER_MINUTE;

/** So long after the answer a call that begins is taken for one that was on its way (domain rule 1.7.6). */
const ON_ITS_WAY_MS = 2_000;

/**
 * Adds, in place, the wait that a 429 asks for, of which only slots count that lie wholly within it: from two seconds after the
 * answer until the told number of seconds after it.
 * @param waitSlots empty, or a number for each slot in which a wait may begin
 */
export function addWait(
  waitSlots: number[],
  { durationMs, retryAfterSec }: Pick<ApiCall, 'durationMs' | 'retryAfterSec'>,
  msIntoMinute: number,
  { waitSecIfUntold, longestWaitSec }: Pick<WaitSettings, 'waitSecIfUntold' | 'longestWaitSec'>,
): void {
  const answeredMs = msIntoMinute + durationMs;
  const start = Math.ceil((answeredMs + ON_ITS_WAY_MS) / SLOT_MS);
  const waitMs = Math.min(retryAfterSec ?? waitSecIfUntold, longestWaitSec) * 1000;
  // `longestWaitSec` after the minute of the call nothing of it is left: that is how far back a rule has to look.
  const latestEnd = SLOTS_PER_MINUTE + (longestWaitSec * 1000) / SLOT_MS;
  const slots = Math.min(Math.floor((answeredMs + waitMs) / SLOT_MS), latestEnd) - start;
  if (start >= WAIT_STARTS || slots <= 0) return;
  if (waitSlots.length === 0) waitSlots.push(...new Array<number>(WAIT_STARTS).fill(0));
  waitSlots[start] = Math.max(waitSlots[start]!, slots);
}

/** How many minutes of rows before a minute may hold a wait that reaches into it. */
export function minutesOfWaits({ longestWaitSec }: Pick<WaitSettings, 'longestWaitSec'>): number {
  return longestWaitSec / 60;
}

/** The slots since 1970 that lie within a wait of any of these rows. */
export function slotsOfWaits(
  rows: Iterable<{ readonly minute: number; readonly waitSlots: readonly number[] }>,
): ReadonlySet<number> {
  const within = new Set<number>();
  for (const { minute, waitSlots } of rows) {
    waitSlots.forEach((slots, start) => {
      const first = minute * SLOTS_PER_MINUTE + start;
      for (let slot = first; slot < first + slots; slot += 1) within.add(slot);
    });
  }
  return within;
}
