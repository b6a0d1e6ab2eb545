import type { Policy } from '../policy/policy.js';
import { minuteStart } from '../signals/minute.js';
import type { RouteMinute } from '../signals/tables.js';
import { evidenceOf, rowsInWindow, worstMet, type Verdict } from './verdict.js';

/** Decides whether an integration reads a long list in small pages. */

/**
 * SMALL_PAGES: small pages of one list fetched in the 15 minutes that end with `minute`, but no more than the deepest of them lies
 * deep: who fetches the first page a hundred times is not paging (that is for the rules about polling), and who opens one page far
 * down has fetched one.
 *
 * Monotone: another page adds to the number, and can only be deeper.
 */
export function judgeSmallPages(
  rows: readonly RouteMinute[],
  policy: Policy,
  minute: number,
): Verdict | null {
  const { windowMinutes, thresholds } = policy.rules.SMALL_PAGES;
  const window = rowsInWindow(rows, windowMinutes, minute).filter((row) => row.smallPages > 0);
  const fetched = window.reduce((sum, row) => sum + row.smallPages, 0);
  const pages = window.reduce((most, row) => Math.max(most, Math.min(fetched, row.deepestSmallPage)), 0);

  const met = worstMet(thresholds, (threshold) => pages >= threshold);
  if (!met) return null;
  return {
    severity: met.severity,
    value: pages,
    unit: 'small pages',
    windowStart: minuteStart(minute + 1 - windowMinutes),
    windowEnd: minuteStart(minute + 1),
    threshold: met.threshold,
    evidence: window.map((row) => evidenceOf(row.minute, row.smallPages)),
  };
}
