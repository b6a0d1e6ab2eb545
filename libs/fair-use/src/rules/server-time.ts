import type { Policy } from '../policy/policy.js';
import type { PairMinute } from '../signals/tables.js';
import { judgeHeldMinutes } from './held-minutes.js';
import type { Verdict } from './verdict.js';

/** Decides whether an integration keeps the server busy for one agreement, minute after minute. */

/**
 * SERVER_TIME: `serverTimeMs` or more that the calls of a tumbling UTC minute took within it, in k of the 15
 * minutes that end with `minute`.
 *
 * A call counts up to the end of the minute in which it began. So one call at a time is at most 60 s a
 * minute however slow the answers are, and what passes that was asked for side by side. Of long calls the
 * rest is left out: the figure is lower than the truth, never higher.
 *
 * k of 15 as for RATE_MINUTE, and here for one more reason: a few slow minutes are as likely the platform's
 * as the partner's.
 *
 * Monotone: another call can only raise a minute.
 */
export function judgeServerTime(rows: readonly PairMinute[], policy: Policy, minute: number): Verdict | null {
  return judgeHeldMinutes(
    rows,
    policy.rules.SERVER_TIME,
    {
      unit: 'ms of server time per minute',
      valueOf: (row) => row.serverTimeMs,
      limitOf: ({ serverTimeMs }) => serverTimeMs,
    },
    minute,
  );
}
