import type { ShareSettings } from '../policy/policy.js';
import { minuteStart } from '../signals/minute.js';
import type { PairMinute, SignalKey } from '../signals/tables.js';
import { evidenceOfRow, rowsInWindow, worstMet, type Verdict } from './verdict.js';

/** Judges which share of an integration's calls ended in a certain way. */

export interface ShareMeasure<Row> {
  readonly unit: string;
  readonly allOf: (row: Row) => number;
  /** Of all, those that ended so. */
  readonly countOf: (row: Row) => number;
  /** Of the rows: 1 or 60. */
  readonly grainMinutes: number;
}

/**
 * `judgeShareOf` for the calls of an integration on an agreement.
 * @param countOf the calls of a minute that ended so
 */
export function judgeShare(
  rows: readonly PairMinute[],
  settings: ShareSettings,
  countOf: (row: PairMinute) => number,
  minute: number,
): Verdict | null {
  const measure = {
    unit: 'percent of calls',
    allOf: (row: PairMinute) => row.calls,
    countOf,
    grainMinutes: 1,
  };
  return judgeShareOf(rows, settings, measure, minute);
}

/**
 * The worst severity whose share was reached in the window that ends with `minute`; nothing where there are
 * fewer calls than the policy asks for, or none of them ended so.
 *
 * Not monotone: a call that ended well lowers the share, so only closed minutes are judged.
 *
 * The value is in percent, cut after one decimal, and 0.1 at least, since something was counted; whether a limit was reached is compared in whole calls. The
 * evidence is the share of each minute (or hour) that had such calls, in whole percent, 1 at least; rows of the same minute, which are
 * those of several agreements, are one line.
 *
 * @param rows merged signals of one subject, in any order
 */
export function judgeShareOf<Row extends SignalKey>(
  rows: readonly Row[],
  { windowMinutes, minCalls, thresholds, minCountedAboveInfo = 0 }: ShareSettings,
  { unit, allOf, countOf, grainMinutes }: ShareMeasure<Row>,
  minute: number,
): Verdict | null {
  const byMinute = new Map<number, { all: number; counted: number }>();
  let [all, counted] = [0, 0];
  for (const row of rowsInWindow(rows, windowMinutes, minute)) {
    const before = byMinute.get(row.minute) ?? { all: 0, counted: 0 };
    byMinute.set(row.minute, { all: before.all + allOf(row), counted: before.counted + countOf(row) });
    all += allOf(row);
    counted += countOf(row);
  }
  // A share is taken when something is asked: a minute that has only calls which a block answered is none to look at.
  if (!byMinute.get(minute)?.all) return null;
  if (counted === 0 || all < minCalls) return null;

  const judgedBy = counted < minCountedAboveInfo ? onlyInfo(thresholds) : thresholds;
  const met = worstMet(judgedBy, (percent) => counted * 100 >= percent * all);
  if (!met) return null;
  return {
    severity: met.severity,
    value: Math.max(1, Math.floor((counted * 1000) / all)) / 10,
    unit,
    windowStart: minuteStart(minute + 1 - windowMinutes),
    windowEnd: minuteStart(minute + 1),
    threshold: met.threshold,
    evidence: [...byMinute]
      .filter(([, sums]) => sums.counted > 0)
      .map(([end, sums]) =>
        evidenceOfRow(end, grainMinutes, Math.max(1, Math.floor((sums.counted * 100) / sums.all))),
      ),
  };
}

function onlyInfo({ info }: ShareSettings['thresholds']): ShareSettings['thresholds'] {
  return info === undefined ? {} : { info };
}
