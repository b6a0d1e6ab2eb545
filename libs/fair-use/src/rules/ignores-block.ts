import type { Policy } from '../policy/policy.js';
import type { PairMinute } from '../signals/tables.js';
import { judgeHeldMinutes } from './held-minutes.js';
import type { Verdict } from './verdict.js';

/** Decides whether an integration goes on calling an agreement that is blocked for it. */

/**
 * IGNORES_BLOCK: `calls` or more in a minute that our own block answered, in k of the 15 minutes that end with `minute`. They count in
 * no other rule. Monotone.
 */
export function judgeIgnoresBlock(
  rows: readonly PairMinute[],
  policy: Policy,
  minute: number,
): Verdict | null {
  return judgeHeldMinutes(
    rows,
    policy.rules.IGNORES_BLOCK,
    { unit: 'blocked calls per minute', valueOf: (row) => row.blockedCalls, limitOf: ({ calls }) => calls },
    minute,
  );
}
