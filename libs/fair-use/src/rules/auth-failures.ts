import type { Policy } from '../policy/policy.js';
import { minuteStart } from '../signals/minute.js';
import type { PairMinute } from '../signals/tables.js';
import type { Around } from './around.js';
import { evidenceOf, mildest, rowsInWindow, worstMet, type Verdict } from './verdict.js';

/** Decides whether an integration goes on calling although it is refused. */

/**
 * AUTH_FAILURES: calls refused with 401 or 403 on all agreements together, in the 60 minutes that end with `minute`. The first of each
 * agreement is left out: a customer who withdraws consent tells nobody, so one refusal is how a partner learns of it (domain rule
 * 1.7.4). The limits are for so many agreements, and grow with those that are active.
 *
 * Not monotone: another agreement in use raises the limit, so only closed minutes are judged. The more agreements, the milder.
 *
 * The evidence is all refusals of each minute, the first ones too.
 *
 * @param rows of all agreements of one integration
 */
export function judgeAuthFailures(
  rows: readonly PairMinute[],
  policy: Policy,
  minute: number,
  { activeAgreements }: Around,
): Verdict | null {
  const { windowMinutes, thresholds } = policy.rules.AUTH_FAILURES;
  const refused = rowsInWindow(rows, windowMinutes, minute).filter((row) => row.authFailures > 0);
  const all = refused.reduce((total, row) => total + row.authFailures, 0);
  const counted = all - new Set(refused.map((row) => row.agreementId)).size;

  const limitOf = (threshold: number) => limitFor(policy, threshold, activeAgreements);
  const met = worstMet(thresholds, (threshold) => counted >= limitOf(threshold));
  if (!met) return null;
  const byMinute = new Map<number, number>();
  for (const row of refused) byMinute.set(row.minute, (byMinute.get(row.minute) ?? 0) + row.authFailures);
  return {
    severity: met.severity,
    value: counted,
    unit: 'refused calls',
    windowStart: minuteStart(minute + 1 - windowMinutes),
    windowEnd: minuteStart(minute + 1),
    threshold: limitOf(met.threshold),
    evidence: [...byMinute].map(([at, value]) => evidenceOf(at, value)),
  };
}

/** Refusals that are enough for the mildest severity. */
export function refusalsAllowed(policy: Policy, _minute: number, { activeAgreements }: Around): number {
  return limitFor(policy, mildest(policy.rules.AUTH_FAILURES.thresholds), activeAgreements);
}

function limitFor({ rules }: Policy, threshold: number, activeAgreements: number): number {
  const { agreements } = rules.AUTH_FAILURES;
  return Math.ceil((threshold * Math.max(agreements, activeAgreements)) / agreements);
}
