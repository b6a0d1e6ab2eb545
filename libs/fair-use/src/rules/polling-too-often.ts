import type { Policy } from '../policy/policy.js';
import type { RouteMinute } from '../signals/tables.js';
import { judgeSweeps, type SweepMeasure } from './summed-sweeps.js';
import type { Verdict } from './verdict.js';

/** Decides whether an integration asks for the changes of a list more often than it can need. */

const CHANGES_FETCHED: SweepMeasure = {
  unit: 'fetches of changes',
  sweepsOf: (row) => row.changesSinceSweeps,
};

/**
 * POLLING_TOO_OFTEN: sweeps with `changesSince` of one route, summed over the 60 minutes that end with
 * `minute`. Monotone. Full fetches are not added: they have a rule of their own, and one that takes the
 * advice of that rule must not find its old calls held against it by this one.
 */
export function judgePollingTooOften(
  rows: readonly RouteMinute[],
  policy: Policy,
  minute: number,
): Verdict | null {
  return judgeSweeps(rows, policy.rules.POLLING_TOO_OFTEN, CHANGES_FETCHED, policy, minute);
}
