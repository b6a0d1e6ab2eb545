import { copenhagenTime, startOfCopenhagenDay, startsOfCopenhagenHour } from '@taxameter/contracts';
import type { Policies } from '../policy/policies.js';
import { endOfGrain, MINUTE_MS } from '../signals/minute.js';
import type { SmsHour } from '../signals/tables.js';

/**
 * Says which hours an hour of SMS is held against: the same hour by the clock on the wall in Copenhagen on the 28 days before, and the
 * same day of the three months before. Hours are named by their last minute.
 */

const DAYS_BEFORE = 28;
const MONTHS_BEFORE = 3;
const HOUR_MS = 60 * MINUTE_MS;

export interface ComparedHours {
  /** Day by day. The day on which clocks go back has some hour twice, the one on which they go forward lacks one and is left out. */
  readonly sameHour: readonly (readonly number[])[];
  /** All hours of the days: who sends at nine on one first of the month sends at ten on another. */
  readonly sameDayOfMonth: readonly number[];
}

/** @param minute the last of the hour judged */
export function comparedHours(minute: number): ComparedHours {
  const { year, month, day, hour } = copenhagenTime(new Date((minute + 1) * MINUTE_MS - HOUR_MS));
  const sameHour = Array.from({ length: DAYS_BEFORE }, (_, index) => {
    const date = new Date(Date.UTC(year, month - 1, day - 1 - index));
    return startsOfCopenhagenHour(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate(), hour).map(
      lastMinute,
    );
  }).filter((hours) => hours.length > 0);
  return { sameHour, sameDayOfMonth: daysOfMonthsBefore(year, month, day).flatMap(hoursOfDay) };
}

/** All minutes by which the hours compared are named. */
export function minutesOfCompared({ sameHour, sameDayOfMonth }: ComparedHours): number[] {
  return [...new Set([...sameHour.flat(), ...sameDayOfMonth])];
}

/**
 * The closed hours that hold so many SMS that they must be held against others, by the policy that is strictest about it.
 * @param rows of all agreements
 * @param closed minutes to be judged that are closed
 * @param ratio the share of the limit that is asked for
 */
export function hoursToCompare(
  rows: readonly SmsHour[],
  closed: readonly { readonly minute: number }[],
  policies: Policies,
  ratio = 1,
): number[] {
  const least = ratio * Math.min(...policies.all.map((policy) => policy.rules.SMS_SPIKE.minSms));
  const hours = new Set(closed.map((mark) => endOfGrain(mark.minute, 60)));
  return [...hours].filter((hour) => smsIn(rows, hour) > least);
}

export function smsIn(rows: readonly SmsHour[], hour: number): number {
  return rows.filter((row) => row.minute === hour).reduce((sum, row) => sum + row.sms, 0);
}

type CalendarDay = readonly [year: number, month: number, day: number];

/**
 * The same day of each month before; the last one where the month is shorter. The last day of a month is held against the last days, too.
 */
function daysOfMonthsBefore(year: number, month: number, day: number): CalendarDay[] {
  const isLast = day === lastDayOf(year, month);
  return Array.from({ length: MONTHS_BEFORE }, (_, index) => {
    const first = new Date(Date.UTC(year, month - 2 - index, 1));
    const [itsYear, itsMonth] = [first.getUTCFullYear(), first.getUTCMonth() + 1];
    const last = lastDayOf(itsYear, itsMonth);
    const days = new Set([Math.min(day, last), ...(isLast ? [last] : [])]);
    return [...days].map((itsDay): CalendarDay => [itsYear, itsMonth, itsDay]);
  }).flat();
}

function lastDayOf(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** 24 hours, or 23 or 25 where clocks are changed. */
function hoursOfDay([year, month, day]: CalendarDay): number[] {
  const next = new Date(Date.UTC(year, month - 1, day + 1));
  const start = startOfCopenhagenDay(year, month, day).getTime();
  const end = startOfCopenhagenDay(
    next.getUTCFullYear(),
    next.getUTCMonth() + 1,
    next.getUTCDate(),
  ).getTime();
  return Array.from({ length: (end - start) / HOUR_MS }, (_, index) =>
    lastMinute(new Date(start + index * HOUR_MS)),
  );
}

function lastMinute(startOfHour: Date): number {
  return (startOfHour.getTime() + HOUR_MS) / MINUTE_MS - 1;
}
