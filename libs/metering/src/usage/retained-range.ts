import type { Granularity } from '../counters/window.js';
import type { UsagePlan } from './usage-plan.js';

/** Minutes and hours are dropped when they are old. A question for some that are gone is refused: it would look as if nothing was used. */

/** From when on the windows of a granularity are all there; none: they always were. */
export type RetainedFrom = Readonly<Partial<Record<Granularity, Date>>>;

export interface NotRetained {
  readonly retainedFrom: Date;
  /** The finest granularity that holds the whole range. */
  readonly coarser: 'hour' | 'day';
  /** One sentence that says what to do. */
  readonly detail: string;
}

/** null when all of the range is there. */
export function notRetained(
  { granularity, range, days, zone }: Pick<UsagePlan, 'granularity' | 'range' | 'days' | 'zone'>,
  retained: RetainedFrom,
): NotRetained | null {
  // Days of another zone are summed from hours.
  const counted = days ? 'hour' : granularity;
  const from = retained[counted];
  if (from === undefined || range.start >= from) return null;
  const hoursFrom = retained.hour;
  const hasHours = counted === 'minute' && (hoursFrom === undefined || range.start >= hoursFrom);
  const coarser = hasHours ? 'hour' : 'day';
  const exist = days
    ? `days of ${zone} are summed from hours, which exist`
    : `usage by ${granularity} exists`;
  const instead = days ? 'granularity=day without timeZone' : `granularity=${coarser}`;
  return {
    retainedFrom: from,
    coarser,
    detail: `${exist} from ${from.toISOString()} on: ask from there, or take ${instead}`,
  };
}
