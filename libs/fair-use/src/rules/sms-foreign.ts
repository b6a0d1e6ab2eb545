import type { Policy } from '../policy/policy.js';
import type { SmsHour } from '../signals/tables.js';
import { judgeSum } from './summed-rows.js';
import type { Verdict } from './verdict.js';

/** Decides whether an integration sends SMS to countries that the terms do not allow. */

/**
 * SMS_FOREIGN: SMS to countries that the policy does not allow, for all agreements together, in the 24 hours that end with the hour of
 * `minute`. Monotone.
 *
 * @param rows of all agreements of one integration
 */
export function judgeSmsForeign(rows: readonly SmsHour[], policy: Policy, minute: number): Verdict | null {
  return judgeSum(rows, policy.rules.SMS_FOREIGN, FOREIGN_SMS, minute);
}

const FOREIGN_SMS = {
  unit: 'SMS to other countries',
  valueOf: (row: SmsHour) => row.foreignSms,
  grainMinutes: 60,
};
