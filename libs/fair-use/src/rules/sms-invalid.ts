import type { Policy } from '../policy/policy.js';
import type { PairHour } from '../signals/tables.js';
import { judgeShareOf } from './share-of-calls.js';
import type { Verdict } from './verdict.js';

/** Decides whether too many of an integration's SMS are rejected. */

/**
 * SMS_INVALID: share of the attempts to send an SMS that were rejected, on all agreements together, in the 24 hours that end with the
 * hour of `minute`. Not monotone: an SMS that is sent lowers the share, so only closed hours are judged.
 *
 * @param rows of all agreements of one integration
 */
export function judgeSmsInvalid(rows: readonly PairHour[], policy: Policy, minute: number): Verdict | null {
  return judgeShareOf(rows, policy.rules.SMS_INVALID, REJECTED_SMS, minute);
}

const REJECTED_SMS = {
  unit: 'percent of SMS',
  allOf: (row: PairHour) => row.smsAttempts,
  countOf: (row: PairHour) => row.smsRejected,
  grainMinutes: 60,
};
