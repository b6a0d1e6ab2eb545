import type { IntegrationRateSettings, Policy } from '../policy/policy.js';
import type { PairMinute } from '../signals/tables.js';
import type { Around } from './around.js';
import { judgeHeldMinutes } from './held-minutes.js';
import { mildest, type Verdict } from './verdict.js';

/** Decides whether an integration makes too many calls over all its agreements. */

/**
 * RATE_INTEGRATION: calls per UTC minute over all agreements, against a limit that grows with the active ones, in k of the 15 minutes that
 * end with `minute`. Only minutes count in which one agreement alone was at half of its own limit: many customers at a calm pace
 * are growth, and growth is not guilt (domain rule 1.7.3).
 *
 * Not monotone: another agreement in use raises the limit, so only closed minutes are judged. The more agreements, the milder.
 *
 * @param rows of all agreements of one integration
 */
export function judgeRateIntegration(
  rows: readonly PairMinute[],
  policy: Policy,
  minute: number,
  { activeAgreements }: Around,
): Verdict | null {
  const settings = policy.rules.RATE_INTEGRATION;
  const limit = limitFor(settings, activeAgreements);
  return judgeHeldMinutes(
    busyMinutes(rows, settings.pairCalls),
    settings,
    {
      unit: 'calls per minute of all agreements',
      valueOf: ({ calls }) => calls,
      limitOf: ({ percent }) => percentOf(limit, percent),
    },
    minute,
  );
}

/** Calls a minute over all agreements that are enough for the mildest severity. */
export function callsOfAllAllowed({ rules }: Policy, _minute: number, { activeAgreements }: Around): number {
  const settings = rules.RATE_INTEGRATION;
  return percentOf(limitFor(settings, activeAgreements), mildest(settings.thresholds).percent);
}

function percentOf(limit: number, percent: number): number {
  return Math.ceil((percent * limit) / 100);
}

/** Calls a minute over all agreements that are 100 percent. */
function limitFor(
  { baseCalls, callsPerAgreement, maxCalls }: IntegrationRateSettings,
  activeAgreements: number,
): number {
  return Math.min(maxCalls, baseCalls + callsPerAgreement * activeAgreements);
}

/** The calls of all agreements together, in the minutes in which one of them alone had so many. */
function busyMinutes(rows: readonly PairMinute[], pairCalls: number) {
  const busy = new Set(rows.filter((row) => row.calls >= pairCalls).map((row) => row.minute));
  const calls = new Map<number, number>();
  for (const row of rows) {
    if (busy.has(row.minute)) calls.set(row.minute, (calls.get(row.minute) ?? 0) + row.calls);
  }
  return [...calls].map(([minute, sum]) => ({ minute, calls: sum }));
}
