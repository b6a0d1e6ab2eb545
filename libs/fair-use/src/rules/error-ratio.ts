import type { Policy } from '../policy/policy.js';
import type { PairMinute } from '../signals/tables.js';
import { judgeShare } from './share-of-calls.js';
import type { Verdict } from './verdict.js';

/** Decides whether too many of an integration's calls are refused for what they are. */

/**
 * ERROR_RATIO_4XX: share of calls refused with 4xx in the 15 minutes that end with `minute`. 429 has a rule
 * of its own, and a customer without the plan (403 with code 48) is not the partner's fault (domain rule
 * 1.7.4); such calls are among all calls, and so only lower the share.
 */
export function judgeErrorRatio(rows: readonly PairMinute[], policy: Policy, minute: number): Verdict | null {
  return judgeShare(rows, policy.rules.ERROR_RATIO_4XX, (row) => row.clientErrors, minute);
}
