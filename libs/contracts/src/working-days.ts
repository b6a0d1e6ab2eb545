import { copenhagenTime, startOfCopenhagenDay } from './quarter.js';

/** Working days in Denmark: Monday to Friday without the days on which banks are closed. */

/** Days on which Danish banks are closed every year: New Year's Day, Constitution Day, Christmas and New Year's Eve. */
const FIXED = new Set(['1-1', '6-5', '12-24', '12-25', '12-26', '12-31']);

/**
 * Days from Easter Sunday: Maundy Thursday, Good Friday, Easter Monday, Ascension and the day after it, Whit Monday. Store bededag (26)
 * was abolished from 2024 on, and nothing here looks back further.
 */
const FROM_EASTER = new Set([-3, -2, 1, 39, 40, 50]);

const DAY_MS = 86_400_000;

/** Whether banks are closed on a calendar day that may also be a Saturday or Sunday. @param month 1 to 12 */
export function isDanishBankHoliday(year: number, month: number, day: number): boolean {
  const daysFromEaster = (Date.UTC(year, month - 1, day) - easterSunday(year)) / DAY_MS;
  return FIXED.has(`${month}-${day}`) || FROM_EASTER.has(daysFromEaster);
}

/** The end of the nth working day after an instant, by Copenhagen's calendar: the midnight with which that day ends. */
export function endOfWorkingDay(instant: Date, workingDays: number): Date {
  const { year, month, day } = copenhagenTime(instant);
  let ahead = 0;
  for (let left = workingDays; left > 0;) {
    ahead += 1;
    if (isWorkingDay(new Date(Date.UTC(year, month - 1, day + ahead)))) left -= 1;
  }
  const next = new Date(Date.UTC(year, month - 1, day + ahead + 1));
  return startOfCopenhagenDay(next.getUTCFullYear(), next.getUTCMonth() + 1, next.getUTCDate());
}

function isWorkingDay(day: Date): boolean {
  const isWeekend = day.getUTCDay() === 0 || day.getUTCDay() === 6;
  return !isWeekend && !isDanishBankHoliday(day.getUTCFullYear(), day.getUTCMonth() + 1, day.getUTCDate());
}

/** Midnight (UTC) of Easter Sunday, by the Gregorian computus of Meeus, Jones and Butcher, in milliseconds since 1970. */
function easterSunday(year: number): number {
  const golden = year % 19;
  const [century, ofCentury] = [Math.floor(year / 100), year % 100];
  const corrected = century - Math.floor((century + 8) / 25) + 1;
  const epact = (19 * golden + century - Math.floor(century / 4) - Math.floor(corrected / 3) + 15) % 30;
  const weekday = (32 + 2 * (century % 4) + 2 * Math.floor(ofCentury / 4) - epact - (ofCentury % 4)) % 7;
  const month = Math.floor((golden + 11 * epact + 22 * weekday) / 451);
  const days = epact + weekday - 7 * month + 114;
  return Date.UTC(year, Math.floor(days / 31) - 1, (days % 31) + 1);
}
