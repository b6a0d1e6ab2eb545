import type { Policy } from '../policy/policy.js';
import { minuteStart } from '../signals/minute.js';
import type { PairMinute } from '../signals/signals.js';
import { evidenceOf, rowsInWindow, worstMet, type Verdict } from './verdict.js';

/** Decides whether an integration calls one agreement too often, minute after minute. */

/**
 * RATE_MINUTE: `calls` or more in a tumbling UTC minute, in k of the 15 minutes that end with `minute`.
 *
 * The value is the k-th highest minute, the rate that was reached or passed in k minutes. The peak would name
 * a minute that did not decide, and could exceed the limit while the rule is silent; this value stands at or
 * above the threshold exactly when the rule holds. The peak is among the evidence.
 *
 * Monotone: another call can only raise a minute, so it never lowers severity. A running minute may therefore
 * be judged, and a breach opened before the minute ends (design 8.4).
 *
 * @param rows merged signals of one integration and agreement, one row a minute, in any order
 */
export function judgeRateMinute(rows: readonly PairMinute[], policy: Policy, minute: number): Verdict | null {
  const { windowMinutes, thresholds } = policy.rules.RATE_MINUTE;
  const window = rowsInWindow(rows, windowMinutes, minute);
  const highestFirst = window.map((row) => row.calls).sort((left, right) => right - left);
  const rateHeldFor = (minutes: number) => highestFirst[minutes - 1] ?? 0;

  const met = worstMet(thresholds, ({ calls, minutes }) => rateHeldFor(minutes) >= calls);
  if (!met) return null;
  return {
    severity: met.severity,
    value: rateHeldFor(met.threshold.minutes),
    unit: 'calls per minute',
    windowStart: minuteStart(minute + 1 - windowMinutes),
    windowEnd: minuteStart(minute + 1),
    threshold: met.threshold.calls,
    evidence: window
      .filter((row) => row.calls >= met.threshold.calls)
      .map((row) => evidenceOf(row.minute, row.calls)),
  };
}
