import type { HeldSettings, HeldThreshold } from '../policy/policy.js';
import { minuteStart } from '../signals/minute.js';
import type { PairMinute } from '../signals/tables.js';
import { evidenceOf, rowsInWindow, worstMet, type Verdict } from './verdict.js';

/** Judges what an integration does minute after minute: so much in a minute, in k minutes of a window. */

export interface MeasureOfMinute<Threshold extends HeldThreshold, Row = PairMinute> {
  readonly unit: string;
  readonly valueOf: (row: Row) => number;
  readonly limitOf: (threshold: Threshold) => number;
}

/**
 * The worst severity whose limit was reached in k minutes of the window that ends with `minute`.
 *
 * k minutes, and not one, because the limits are for what an integration does all the time. One month's
 * invoices, one import of contacts or one start after a night's rest is work that somebody asked for and is
 * over in a few minutes; asking the integration to spread it would help nobody. Minutes of any order within
 * the window count, so pausing every other minute hides nothing.
 *
 * The value is the k-th highest minute, the rate that was reached or passed in k minutes. The peak would name
 * a minute that did not decide, and could exceed the limit while the rule is silent; this value stands at or
 * above the threshold exactly when the rule holds. The peak is among the evidence.
 *
 * Monotone where the measure is: what can only raise a minute never lowers severity.
 *
 * @param rows merged signals of one subject, one row a minute, in any order
 */
export function judgeHeldMinutes<Threshold extends HeldThreshold, Row extends { readonly minute: number }>(
  rows: readonly Row[],
  { windowMinutes, thresholds }: HeldSettings<Threshold>,
  { unit, valueOf, limitOf }: MeasureOfMinute<Threshold, Row>,
  minute: number,
): Verdict | null {
  const window = rowsInWindow(rows, windowMinutes, minute).map((row) => ({
    minute: row.minute,
    value: valueOf(row),
  }));
  const highestFirst = window.map(({ value }) => value).sort((left, right) => right - left);
  const heldFor = (minutes: number) => highestFirst[minutes - 1] ?? 0;

  const met = worstMet(thresholds, (threshold) => heldFor(threshold.minutes) >= limitOf(threshold));
  if (!met) return null;
  const limit = limitOf(met.threshold);
  return {
    severity: met.severity,
    value: heldFor(met.threshold.minutes),
    unit,
    windowStart: minuteStart(minute + 1 - windowMinutes),
    windowEnd: minuteStart(minute + 1),
    threshold: limit,
    evidence: window.filter(({ value }) => value >= limit).map((row) => evidenceOf(row.minute, row.value)),
  };
}
