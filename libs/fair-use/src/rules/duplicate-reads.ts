import type { Policy } from '../policy/policy.js';
import type { RouteMinute } from '../signals/tables.js';
import { judgeSum } from './summed-rows.js';
import { rowsInWindow, type Verdict } from './verdict.js';

/** Decides whether an integration asks the same again and again though the answer does not change. */

/**
 * DUPLICATE_READS: how often the same question was answered in the same way on one route in the 10 minutes that end with `minute`, of
 * the question that was asked most.
 *
 * Not monotone, since the sets of a busy route are bounded: a question that was counted may make room for another. So only closed
 * minutes are judged.
 */
export function judgeDuplicateReads(
  rows: readonly RouteMinute[],
  policy: Policy,
  minute: number,
): Verdict | null {
  const settings = policy.rules.DUPLICATE_READS;
  const asked = mostAsked(rowsInWindow(rows, settings.windowMinutes, minute));
  return judgeSum(
    rows,
    settings,
    { unit: 'equal answers', valueOf: ({ equalAnswers }) => equalAnswers[asked] ?? 0, grainMinutes: 1 },
    minute,
  );
}

/**
 * Whether some question was asked more than once: what comes once a minute never adds up to more than the window has minutes.
 */
export function hasRepeats({ equalAnswers }: RouteMinute): boolean {
  return Object.values(equalAnswers).some((count) => count > 1);
}

/** Of equally many the first by name, so that the order of rows changes nothing; the empty string when nothing was asked. */
function mostAsked(rows: readonly RouteMinute[]): string {
  const counts = new Map<string, number>();
  for (const { equalAnswers } of rows) {
    for (const [asked, count] of Object.entries(equalAnswers))
      counts.set(asked, (counts.get(asked) ?? 0) + count);
  }
  let [most, highest] = ['', 0];
  for (const [asked, count] of counts) {
    if (count > highest || (count === highest && asked < most)) [most, highest] = [asked, count];
  }
  return most;
}
