import { copenhagenDate, copenhagenTime, startOfCopenhagenDay } from '@taxameter/contracts';
import { MINUTE_MS } from '../signals/minute.js';

/** Which minutes are the days of which a standing is told. */

export const DAYS_TOLD = 30;

/** Minutes are whole minutes since 1970, UTC; half-open. */
export interface Day {
  /** `2026-10-25`, in Copenhagen. */
  readonly day: string;
  readonly from: number;
  readonly to: number;
}

/** The last `count` days, ascending; today is the last one. */
export function lastDays(now: Date, count = DAYS_TOLD): Day[] {
  const { year, month, day } = copenhagenTime(now);
  const startOf = (daysAgo: number) => {
    const date = new Date(Date.UTC(year, month - 1, day - daysAgo));
    return startOfCopenhagenDay(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate());
  };
  return Array.from({ length: count }, (_, index) => {
    const daysAgo = count - 1 - index;
    const [start, end] = [startOf(daysAgo), startOf(daysAgo - 1)];
    return {
      day: copenhagenDate(start),
      from: start.getTime() / MINUTE_MS,
      to: end.getTime() / MINUTE_MS,
    };
  });
}
