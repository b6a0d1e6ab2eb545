import { copenhagenTime, startOfCopenhagenDay } from './quarter.js';

/**
 * The end of the nth working day after an instant, by Copenhagen's calendar: Monday to Friday. Public holidays are not left
 * out, so a deadline is rather too early than too late.
 */
export function endOfWorkingDay(instant: Date, workingDays: number): Date {
  const { year, month, day } = copenhagenTime(instant);
  let ahead = 0;
  for (let left = workingDays; left > 0;) {
    ahead += 1;
    const weekday = new Date(Date.UTC(year, month - 1, day + ahead)).getUTCDay();
    if (weekday !== 0 && weekday !== 6) left -= 1;
  }
  return startOfCopenhagenDay(year, month, day + ahead + 1);
}
