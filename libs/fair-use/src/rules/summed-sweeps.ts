import { filterableRoute, type Policy, type SweepSettings } from '../policy/policy.js';
import { minuteStart } from '../signals/minute.js';
import type { RouteMinute } from '../signals/tables.js';
import { evidenceOf, rowsInWindow, worstMet, type Verdict } from './verdict.js';

/** Judges how often a list was fetched. */

export interface SweepMeasure {
  readonly unit: string;
  readonly sweepsOf: (row: RouteMinute) => number;
}

/**
 * The worst severity whose number of sweeps of one route was reached in the window that ends with `minute`. A
 * route that the policy no longer lists as filterable is not judged, whatever was counted while it was.
 *
 * Monotone: another sweep only adds to the sum, so it never lowers severity. A running minute may therefore
 * be judged, and a breach opened before the minute ends (design 8.4).
 *
 * @param rows merged signals of one integration, agreement and route, one row a minute, in any order
 */
export function judgeSweeps(
  rows: readonly RouteMinute[],
  { windowMinutes, thresholds }: SweepSettings,
  { unit, sweepsOf }: SweepMeasure,
  policy: Policy,
  minute: number,
): Verdict | null {
  const window = rowsInWindow(rows, windowMinutes, minute).filter(
    (row) => sweepsOf(row) > 0 && filterableRoute(policy, row.route) !== null,
  );
  const sweeps = window.reduce((total, row) => total + sweepsOf(row), 0);

  const met = worstMet(thresholds, (threshold) => sweeps >= threshold);
  if (!met) return null;
  return {
    severity: met.severity,
    value: sweeps,
    unit,
    windowStart: minuteStart(minute + 1 - windowMinutes),
    windowEnd: minuteStart(minute + 1),
    threshold: met.threshold,
    evidence: window.map((row) => evidenceOf(row.minute, sweepsOf(row))),
  };
}
