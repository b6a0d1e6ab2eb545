import type { Policy } from '../policy/policy.js';
import type { PairHour } from '../signals/tables.js';
import { judgeSum } from './summed-rows.js';
import type { Verdict } from './verdict.js';

/** Decides whether an integration proves who it is with something else than a bearer token. */

/**
 * LEGACY_AUTH: calls without a bearer token on all agreements together, in the 24 hours that end with the hour of `minute`.
 * Monotone.
 *
 * @param rows of all agreements of one integration
 */
export function judgeLegacyAuth(rows: readonly PairHour[], policy: Policy, minute: number): Verdict | null {
  return judgeSum(rows, policy.rules.LEGACY_AUTH, LEGACY_CALLS, minute);
}

const LEGACY_CALLS = {
  unit: 'calls without a bearer token',
  valueOf: (row: PairHour) => row.legacyAuthCalls,
  grainMinutes: 60,
};
