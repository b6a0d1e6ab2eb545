import type { Policy } from '../policy/policy.js';
import { minuteStart } from '../signals/minute.js';
import type { SmsHour } from '../signals/tables.js';
import type { Around } from './around.js';
import { comparedHours, smsIn } from './sms-history.js';
import { evidenceOfRow, mildest, worstMet, type Verdict } from './verdict.js';

/** Decides whether an integration sends unusually many SMS in an hour. */

/**
 * SMS_SPIKE: more SMS in one hour, for all agreements together, than a level that is the highest of: a number that nobody is asked
 * about, three times what is usual at this hour, three times the busiest hour on this day of the months before (reminders go out on the
 * first, domain rule 1.7.5), and the volume that was declared.
 *
 * Not monotone: what is told late of the days before raises the level. So an hour is judged when it is closed.
 *
 * @param rows of all agreements of one integration
 * @param minute the last of the hour
 */
export function judgeSmsSpike(
  rows: readonly SmsHour[],
  policy: Policy,
  minute: number,
  around: Around,
): Verdict | null {
  const sms = smsIn(rows, minute);
  const { minSms, thresholds } = policy.rules.SMS_SPIKE;
  // Asked of few hours only: the calendar costs more than all else here.
  if (sms <= minSms) return null;
  const level = levelOf(policy, minute, around);
  const limitOf = (timesLevel: number) => above(timesLevel * level);
  const met = worstMet(thresholds, ({ timesLevel }) => sms >= limitOf(timesLevel));
  if (!met) return null;
  return {
    severity: met.severity,
    value: sms,
    unit: 'SMS in an hour',
    windowStart: minuteStart(minute - 59),
    windowEnd: minuteStart(minute + 1),
    threshold: limitOf(met.threshold.timesLevel),
    evidence: [evidenceOfRow(minute, 60, sms)],
  };
}

/** SMS of the hour that ends with `minute` that are enough for the mildest severity. */
export function smsAllowed(policy: Policy, minute: number, around: Around): number {
  return above(mildest(policy.rules.SMS_SPIKE.thresholds).timesLevel * levelOf(policy, minute, around));
}

function above(level: number): number {
  return Math.floor(level) + 1;
}

function levelOf(policy: Policy, minute: number, { smsOfHour }: Around): number {
  const { minSms, timesUsual, declaredSmsPerHour = 0 } = policy.rules.SMS_SPIKE;
  const { sameHour, sameDayOfMonth } = comparedHours(minute);
  const usual = percentile95(sameHour.map((hours) => Math.max(...hours.map(smsOfHour))));
  const busiest = Math.max(...sameDayOfMonth.map(smsOfHour));
  return Math.max(minSms, timesUsual * usual, timesUsual * busiest, declaredSmsPerHour);
}

/** By nearest rank: of 28 the second highest, so that one outlier does not make another one usual. */
function percentile95(values: readonly number[]): number {
  const ascending = values.toSorted((left, right) => left - right);
  return ascending[Math.ceil(0.95 * ascending.length) - 1] ?? 0;
}
