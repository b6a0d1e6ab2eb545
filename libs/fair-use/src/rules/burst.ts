import type { Policy } from '../policy/policy.js';
import { SLOT_SECONDS } from '../signals/minute.js';
import type { PairMinute } from '../signals/tables.js';
import { judgeHeldMinutes } from './held-minutes.js';
import type { Verdict } from './verdict.js';

/** Decides whether an integration sends its calls in bursts, again and again. */

/**
 * BURST: `calls` or more in one of the twelve slots of five seconds that a UTC minute is cut into, in k of
 * the 10 minutes that end with `minute`.
 *
 * Minutes with a burst are counted, not slots with one. Three slots in a row are one burst that went on for
 * 15 seconds: somebody opened a page, or a job began. Three minutes out of ten are a habit, which a queue
 * cures.
 *
 * Monotone: another call can only raise a slot, and so the busiest one of a minute.
 */
export function judgeBurst(rows: readonly PairMinute[], policy: Policy, minute: number): Verdict | null {
  return judgeHeldMinutes(
    rows,
    policy.rules.BURST,
    {
      unit: `calls in ${SLOT_SECONDS} seconds`,
      valueOf: (row) => Math.max(...row.callsBySlot),
      limitOf: ({ calls }) => calls,
    },
    minute,
  );
}
