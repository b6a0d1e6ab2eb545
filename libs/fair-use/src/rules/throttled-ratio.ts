import type { Policy } from '../policy/policy.js';
import type { PairMinute } from '../signals/tables.js';
import { judgeShare } from './share-of-calls.js';
import type { Verdict } from './verdict.js';

/** Decides whether too many of an integration's calls run into the API's own limit. */

/**
 * THROTTLED_RATIO: share of calls answered by the API with 429 in the 15 minutes that end with `minute`. A
 * 429 that our own restriction gave is no signal at all (domain rule 1.7.1).
 */
export function judgeThrottledRatio(
  rows: readonly PairMinute[],
  policy: Policy,
  minute: number,
): Verdict | null {
  return judgeShare(rows, policy.rules.THROTTLED_RATIO, (row) => row.throttled, minute);
}
