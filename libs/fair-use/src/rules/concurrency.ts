import type { Policy } from '../policy/policy.js';
import type { PairMinute } from '../signals/tables.js';
import { judgeHeldMinutes } from './held-minutes.js';
import type { Verdict } from './verdict.js';

/** Decides whether an integration makes many calls at once, again and again. */

/**
 * CONCURRENCY: `calls` or more in flight together at one of twelve instants of a minute, in k of the 10 minutes that end with
 * `minute`. Calls that began in the minute before are not seen, so the value is what there was at least.
 *
 * Monotone: another call can only raise what was in flight.
 */
export function judgeConcurrency(
  rows: readonly PairMinute[],
  policy: Policy,
  minute: number,
): Verdict | null {
  return judgeHeldMinutes(
    rows,
    policy.rules.CONCURRENCY,
    {
      unit: 'calls at once',
      valueOf: (row) => Math.max(0, ...row.inFlightBySlot),
      limitOf: ({ calls }) => calls,
    },
    minute,
  );
}
