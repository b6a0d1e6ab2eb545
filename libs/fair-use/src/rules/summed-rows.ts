import type { SumSettings } from '../policy/policy.js';
import { minuteStart } from '../signals/minute.js';
import type { SignalKey } from '../signals/tables.js';
import { evidenceOfRow, rowsInWindow, worstMet, type Verdict } from './verdict.js';

/** Judges how much of something an integration did in a window. */

export interface SummedMeasure<Row> {
  readonly unit: string;
  readonly valueOf: (row: Row) => number;
  /** Of the rows: 1 or 60. */
  readonly grainMinutes: number;
}

/**
 * The worst severity whose number was reached by the sum over the window that ends with `minute`. Monotone where the measure is.
 *
 * Rows of the same minute, which are those of several agreements, are one line of evidence.
 *
 * @param rows merged signals of one subject, in any order
 */
export function judgeSum<Row extends SignalKey>(
  rows: readonly Row[],
  { windowMinutes, thresholds }: SumSettings,
  { unit, valueOf, grainMinutes }: SummedMeasure<Row>,
  minute: number,
): Verdict | null {
  const byMinute = new Map<number, number>();
  for (const row of rowsInWindow(rows, windowMinutes, minute)) {
    const value = valueOf(row);
    if (value > 0) byMinute.set(row.minute, (byMinute.get(row.minute) ?? 0) + value);
  }
  const sum = [...byMinute.values()].reduce((total, value) => total + value, 0);

  const met = worstMet(thresholds, (threshold) => sum >= threshold);
  if (!met) return null;
  return {
    severity: met.severity,
    value: sum,
    unit,
    windowStart: minuteStart(minute + 1 - windowMinutes),
    windowEnd: minuteStart(minute + 1),
    threshold: met.threshold,
    evidence: [...byMinute].map(([end, value]) => evidenceOfRow(end, grainMinutes, value)),
  };
}
