import type { Policy } from '../policy/policy.js';
import type { PairHour } from '../signals/tables.js';
import { judgeSum } from './summed-rows.js';
import type { Verdict } from './verdict.js';

/** Decides whether an integration makes calls for which it has no scope. */

/**
 * SCOPE_MISMATCH: calls refused with 403 because the token lacks a scope, on all agreements together, in the 24 hours that end with the
 * hour of `minute`. Monotone.
 *
 * @param rows of all agreements of one integration
 */
export function judgeScopeMismatch(
  rows: readonly PairHour[],
  policy: Policy,
  minute: number,
): Verdict | null {
  return judgeSum(rows, policy.rules.SCOPE_MISMATCH, MISSING_SCOPES, minute);
}

const MISSING_SCOPES = {
  unit: 'calls without the scope',
  valueOf: (row: PairHour) => row.missingScopes,
  grainMinutes: 60,
};
