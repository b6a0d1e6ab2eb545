import { SEVERITIES, type Breach, type Severity } from '@taxameter/contracts';
import type { Thresholds } from '../policy/policy.js';
import { minuteStart } from '../signals/minute.js';

/** What a rule finds in one window: the worst severity that holds, and the figures that prove it. */
export interface Verdict {
  readonly severity: Severity;
  /** At or above `threshold`, so that a partner can compare the two. */
  readonly value: number;
  readonly unit: string;
  /** Half-open window in UTC; it ends with the minute judged, which may still be running. */
  readonly windowStart: string;
  readonly windowEnd: string;
  /** That of the severity found. */
  readonly threshold: number;
  /** The minutes that carry the verdict, oldest first. */
  readonly evidence: Breach['evidence'];
}

/** The worst severity whose threshold is met, with that threshold; null when none is. */
export function worstMet<Threshold>(
  thresholds: Thresholds<Threshold>,
  isMet: (threshold: Threshold) => boolean,
): { readonly severity: Severity; readonly threshold: Threshold } | null {
  for (const severity of SEVERITIES.toReversed()) {
    const threshold = thresholds[severity];
    if (threshold !== undefined && isMet(threshold)) return { severity, threshold };
  }
  return null;
}

/** The threshold of the mildest severity that has one. @throws RangeError when none has */
export function mildest<Threshold>(thresholds: Thresholds<Threshold>): Threshold {
  for (const severity of SEVERITIES) {
    const threshold = thresholds[severity];
    if (threshold !== undefined) return threshold;
  }
  throw new RangeError('a rule without a threshold finds nothing');
}

/**
 * The rows of the `windowMinutes` minutes that end with `minute`, oldest first; rows outside the window are
 * no concern.
 */
export function rowsInWindow<Row extends { readonly minute: number }>(
  rows: readonly Row[],
  windowMinutes: number,
  minute: number,
): Row[] {
  return rows
    .filter((row) => row.minute > minute - windowMinutes && row.minute <= minute)
    .sort((left, right) => left.minute - right.minute);
}

/** One line of evidence: a minute and what was counted in it. */
export function evidenceOf(minute: number, value: number): Breach['evidence'][number] {
  return evidenceOfRow(minute, 1, value);
}

/** One line of evidence: a row that ends with `minute`, and what was counted in it. */
export function evidenceOfRow(
  minute: number,
  grainMinutes: number,
  value: number,
): Breach['evidence'][number] {
  return {
    windowStart: writtenStart(minute + 1 - grainMinutes),
    windowEnd: writtenStart(minute + 1),
    value,
  };
}

// Windows overlap, so the same minutes are written again and again: that costs more than to judge them.
const written = new Map<number, string>();
const MOST_WRITTEN = 10_000;

function writtenStart(minute: number): string {
  let text = written.get(minute);
  if (text === undefined) {
    if (written.size >= MOST_WRITTEN) written.clear();
    written.set(minute, (text = minuteStart(minute)));
  }
  return text;
}
