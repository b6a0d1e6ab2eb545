import { filterableRoute, type Policy } from '../policy/policy.js';
import type { RouteHour } from '../signals/tables.js';
import { judgeSum } from './summed-rows.js';
import type { Verdict } from './verdict.js';

/** Decides whether an integration asks for changes, but never moves the time since which it wants them. */

/**
 * STALE_CHANGES_SINCE: fetches of the changes of one list since more than `maxAgeSeconds` ago, in the 24 hours that end with the hour of
 * `minute`. The age is compared when calls are counted. A route that the policy no longer lists is not judged. Monotone.
 */
export function judgeStaleChangesSince(
  rows: readonly RouteHour[],
  policy: Policy,
  minute: number,
): Verdict | null {
  const listed = rows.filter((row) => filterableRoute(policy, row.route) !== null);
  return judgeSum(listed, policy.rules.STALE_CHANGES_SINCE, STALE_SWEEPS, minute);
}

const STALE_SWEEPS = {
  unit: 'fetches of old changes',
  valueOf: (row: RouteHour) => row.staleSweeps,
  grainMinutes: 60,
};
