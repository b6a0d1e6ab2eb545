import type { Policy } from '../policy/policy.js';
import type { PairMinute } from '../signals/tables.js';
import { judgeHeldMinutes } from './held-minutes.js';
import type { Verdict } from './verdict.js';

/** Decides whether an integration writes too much to one agreement, minute after minute. */

/**
 * WRITE_RATE: `calls` or more that write (POST, PUT, PATCH, DELETE, but for tokens) in a tumbling UTC minute,
 * in k of the 15 minutes that end with `minute`. Attempts count, as for RATE_MINUTE: a write that is refused
 * has been checked.
 *
 * k of 15 as for RATE_MINUTE, since the same work makes both: a run of invoices writes for some minutes and
 * is done. Judged by a single minute, the 1st of each month would be a breach by every honest integration.
 *
 * Monotone: another call can only raise a minute.
 */
export function judgeWriteRate(rows: readonly PairMinute[], policy: Policy, minute: number): Verdict | null {
  return judgeHeldMinutes(
    rows,
    policy.rules.WRITE_RATE,
    { unit: 'writes per minute', valueOf: (row) => row.writes, limitOf: ({ calls }) => calls },
    minute,
  );
}
