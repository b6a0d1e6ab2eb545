import { filterableRoute, type Policy } from '../policy/policy.js';
import { minuteStart } from '../signals/minute.js';
import type { RouteMinute } from '../signals/signals.js';
import { evidenceOf, rowsInWindow, worstMet, type Verdict } from './verdict.js';

/** Decides whether an integration fetches a whole list again and again instead of asking for the changes. */

/**
 * POLLING_UNFILTERED: sweeps without a filter of one route, summed over the 60 minutes that end with
 * `minute`. A route that the policy no longer lists as filterable is not judged, whatever was counted while
 * it was.
 *
 * Monotone: another sweep only adds to the sum, so it never lowers severity. A running minute may therefore
 * be judged, and a breach opened before the minute ends (design 8.4).
 *
 * @param rows merged signals of one integration, agreement and route, one row a minute, in any order
 */
export function judgePollingUnfiltered(
  rows: readonly RouteMinute[],
  policy: Policy,
  minute: number,
): Verdict | null {
  const { windowMinutes, thresholds } = policy.rules.POLLING_UNFILTERED;
  const window = rowsInWindow(rows, windowMinutes, minute).filter(
    (row) => row.unfilteredSweeps > 0 && filterableRoute(policy, row.route) !== null,
  );
  const sweeps = window.reduce((total, row) => total + row.unfilteredSweeps, 0);

  const met = worstMet(thresholds, (threshold) => sweeps >= threshold);
  if (!met) return null;
  return {
    severity: met.severity,
    value: sweeps,
    unit: 'full fetches',
    windowStart: minuteStart(minute + 1 - windowMinutes),
    windowEnd: minuteStart(minute + 1),
    threshold: met.threshold,
    evidence: window.map((row) => evidenceOf(row.minute, row.unfilteredSweeps)),
  };
}
