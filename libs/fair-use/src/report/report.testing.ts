import type { Breach } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { CONTACTS } from '../signals/signals.testing.js';
import type { CaseAsKept } from './report.js';

/** Cases to report on, for the specs. */

const START_MS = Date.UTC(2026, 9, 5, 7);

/** So many minutes from seven o'clock (UTC) on. */
export function minutesOf(values: readonly number[]): Breach['evidence'] {
  return values.map((value, index) => ({
    windowStart: new Date(START_MS + index * 60_000).toISOString(),
    windowEnd: new Date(START_MS + (index + 1) * 60_000).toISOString(),
    value,
  }));
}

export function keptCase(more: Partial<Breach>): CaseAsKept {
  const breach: Breach = {
    breachId: 'br_1',
    breachKey: 'RATE_MINUTE:isv_eksempel:148383',
    version: 3,
    ruleId: 'RATE_MINUTE',
    policyVersion: defaultPolicy.version,
    severity: 'warning',
    state: 'open',
    scope: { integrationId: 'isv_eksempel', organizationId: '148383', route: null },
    observed: {
      value: 75,
      unit: 'calls per minute',
      windowStart: '2026-10-05T07:00:00.000Z',
      windowEnd: '2026-10-05T07:15:00.000Z',
    },
    threshold: 70,
    occurrence: 1,
    retroactive: false,
    openedAt: '2026-10-05T08:01:00.000Z',
    guidance: { da: 'Fordel kaldene jævnt.', en: 'Spread the calls evenly.' },
    evidence: minutesOf([75, 80, 75, 91, 75]),
    ...more,
  };
  return {
    breach,
    peak: { value: breach.observed.value, windowEnd: breach.observed.windowEnd },
    handling: { state: 'open', isFalsePositive: false, deadline: '2026-10-12T22:00:00.000Z' },
    asOf: '2026-10-05T08:20:00.000Z',
  };
}

export const pollingCase: CaseAsKept = {
  ...keptCase({
    breachKey: `POLLING_UNFILTERED:isv_eksempel:148383:${CONTACTS}`,
    ruleId: 'POLLING_UNFILTERED',
    severity: 'error',
    scope: { integrationId: 'isv_eksempel', organizationId: '148383', route: CONTACTS },
    observed: {
      value: 120,
      unit: 'full fetches',
      windowStart: '2026-10-05T07:00:00.000Z',
      windowEnd: '2026-10-05T08:00:00.000Z',
    },
    threshold: 60,
    guidance: { da: 'Send `changesSince` med.', en: 'Send `changesSince` along.' },
    evidence: minutesOf(Array.from({ length: 60 }, (_, minute) => (minute === 7 ? 3 : minute === 8 ? 1 : 2))),
  }),
  peak: { value: 131, windowEnd: '2026-10-05T08:20:00.000Z' },
};
