import type { Policy } from '../policy/policy.js';
import type { RouteMinute } from '../signals/tables.js';
import { judgeSweeps, type SweepMeasure } from './summed-sweeps.js';
import type { Verdict } from './verdict.js';

/** Decides whether an integration fetches a whole list again and again instead of asking for the changes. */

const FULL_FETCHES: SweepMeasure = { unit: 'full fetches', sweepsOf: (row) => row.unfilteredSweeps };

/**
 * POLLING_UNFILTERED: sweeps without a filter of one route, summed over the 60 minutes that end with
 * `minute`. Monotone.
 */
export function judgePollingUnfiltered(
  rows: readonly RouteMinute[],
  policy: Policy,
  minute: number,
): Verdict | null {
  return judgeSweeps(rows, policy.rules.POLLING_UNFILTERED, FULL_FETCHES, policy, minute);
}
