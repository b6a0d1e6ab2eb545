import type { Policy } from '../policy/policy.js';
import type { PairHour } from '../signals/tables.js';
import { judgeSum } from './summed-rows.js';
import type { Verdict } from './verdict.js';

/** Decides whether an integration makes too many calls in a day. */

/**
 * RATE_DAY: calls on one agreement in the 24 hours of UTC that end with the hour of `minute`, the hour that still runs included:
 * never more than 24 hours, so nobody is held to less than the limit. Monotone.
 */
export function judgeRateDay(rows: readonly PairHour[], policy: Policy, minute: number): Verdict | null {
  return judgeSum(rows, policy.rules.RATE_DAY, CALLS, minute);
}

const CALLS = { unit: 'calls in 24 hours', valueOf: (row: PairHour) => row.calls, grainMinutes: 60 };
