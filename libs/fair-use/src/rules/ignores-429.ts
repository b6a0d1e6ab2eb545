import type { Policy } from '../policy/policy.js';
import { SLOTS_PER_MINUTE } from '../signals/minute.js';
import type { PairMinute } from '../signals/tables.js';
import { minutesOfWaits, slotsOfWaits } from '../signals/waits.js';
import { judgeSum } from './summed-rows.js';
import { rowsInWindow, type Verdict } from './verdict.js';

/** Decides whether an integration goes on calling while the API has asked it to wait. */

/**
 * IGNORES_429: calls in the 10 minutes that end with `minute` that began in slots of five seconds which lie wholly within a wait:
 * from two seconds after an earlier 429 was answered until its `Retry-After` ran out. Calls at the edges of a wait are not
 * counted, whichever side of it they were on.
 *
 * Monotone: another call adds to a slot, or to the slots that are waits.
 *
 * @param rows of one integration and agreement, one row a minute, as far back as the longest wait before the window
 */
export function judgeIgnores429(rows: readonly PairMinute[], policy: Policy, minute: number): Verdict | null {
  const settings = policy.rules.IGNORES_429;
  if (!rows.some((row) => row.waitSlots.length > 0)) return null;
  const waits = slotsOfWaits(rowsInWindow(rows, minutesForWaits(policy), minute));
  return judgeSum(
    rows,
    settings,
    {
      unit: 'calls during a wait',
      valueOf: (row) => callsWithin(waits, row),
      grainMinutes: 1,
    },
    minute,
  );
}

/** How many minutes of rows the rule reads: its window and the waits that began before it. */
export function minutesForWaits({ rules }: Policy): number {
  return rules.IGNORES_429.windowMinutes + minutesOfWaits(rules.IGNORES_429);
}

function callsWithin(waits: ReadonlySet<number>, { minute, callsBySlot }: PairMinute): number {
  return callsBySlot.reduce(
    (sum, calls, slot) => (waits.has(minute * SLOTS_PER_MINUTE + slot) ? sum + calls : sum),
    0,
  );
}
