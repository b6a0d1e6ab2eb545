import type { Policy } from '../policy/policy.js';
import type { PairMinute } from '../signals/tables.js';
import { judgeHeldMinutes } from './held-minutes.js';
import type { Verdict } from './verdict.js';

/** Decides whether an integration calls one agreement too often, minute after minute. */

/**
 * RATE_MINUTE: `calls` or more in a tumbling UTC minute, in k of the 15 minutes that end with `minute`.
 *
 * Monotone: another call can only raise a minute, so it never lowers severity. A running minute may therefore
 * be judged, and a breach opened before the minute ends (design 8.4).
 */
export function judgeRateMinute(rows: readonly PairMinute[], policy: Policy, minute: number): Verdict | null {
  return judgeHeldMinutes(
    rows,
    policy.rules.RATE_MINUTE,
    { unit: 'calls per minute', valueOf: (row) => row.calls, limitOf: ({ calls }) => calls },
    minute,
  );
}
