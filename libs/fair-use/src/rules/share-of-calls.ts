import type { ShareSettings } from '../policy/policy.js';
import { minuteStart } from '../signals/minute.js';
import type { PairMinute } from '../signals/tables.js';
import { evidenceOf, rowsInWindow, worstMet, type Verdict } from './verdict.js';

/** Judges which share of an integration's calls ended in a certain way. */

/**
 * The worst severity whose share was reached in the window that ends with `minute`; nothing where there are
 * fewer calls than the policy asks for, or none of them ended so.
 *
 * Not monotone: a call that ended well lowers the share, so only closed minutes are judged.
 *
 * The value is in percent, cut after one decimal, and 0.1 at least, since something was counted; whether a limit was reached is compared in whole calls. The
 * evidence is the share of each minute that had such calls, in whole percent, 1 at least.
 *
 * @param rows merged signals of one integration and agreement, one row a minute, in any order
 * @param countOf the calls of a minute that ended so
 */
export function judgeShare(
  rows: readonly PairMinute[],
  { windowMinutes, minCalls, thresholds }: ShareSettings,
  countOf: (row: PairMinute) => number,
  minute: number,
): Verdict | null {
  const window = rowsInWindow(rows, windowMinutes, minute);
  const calls = window.reduce((total, row) => total + row.calls, 0);
  const counted = window.reduce((total, row) => total + countOf(row), 0);
  if (counted === 0 || calls < minCalls) return null;

  const met = worstMet(thresholds, (percent) => counted * 100 >= percent * calls);
  if (!met) return null;
  return {
    severity: met.severity,
    value: Math.max(1, Math.floor((counted * 1000) / calls)) / 10,
    unit: 'percent of calls',
    windowStart: minuteStart(minute + 1 - windowMinutes),
    windowEnd: minuteStart(minute + 1),
    threshold: met.threshold,
    evidence: window
      .filter((row) => countOf(row) > 0)
      .map((row) => evidenceOf(row.minute, Math.max(1, Math.floor((countOf(row) * 100) / row.calls)))),
  };
}
