import type { ApiCall } from '@taxameter/contracts';
import { sampleSms } from '@taxameter/contracts/testing';
import { judge } from '../evaluation/judge.js';
import { activeIn, rowsOf, usageSignalsOf, type UsageEvent } from '../evaluation/judge.testing.js';
import { defaultPolicy } from '../policy/default-policy.js';
import { onePolicy } from '../policy/policies.js';
import type { Policy } from '../policy/policy.js';
import { endOfGrain } from '../signals/minute.js';
import { minutesTouched } from '../signals/touched.js';
import { callAt, CONTACTS } from '../signals/signals.testing.js';
import { recommendedMinutesBetweenChanges } from './recommendations.js';

/** Calls and SMS of clients that do as they are advised, and what rules find in them. */

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
/** A partner's clock shows other seconds than ours. */
export const START_MS = Date.UTC(2026, 8, 30, 0, 0, 37);

export const WRITE: Partial<ApiCall> = { method: 'POST', operation: 'write', query: null };
export const READ: Partial<ApiCall> = { operation: 'item', route: `${CONTACTS}/{guid}`, query: null };
export const SWEEP: Partial<ApiCall> = { query: { page: 0 } };
export const CHANGES: Partial<ApiCall> = {
  query: {
    page: 0,
    hasChangesSince: true,
    changesSinceAgeSec: recommendedMinutesBetweenChanges(defaultPolicy) * 60,
  },
};
export const SMS: Partial<ApiCall> = {
  method: 'POST',
  operation: 'action',
  route: '/v1/{organizationId}/sms/{voucherGuid}/send-sms',
  query: null,
};
export const smsAt = (ms: number, index: number, data: Parameters<typeof sampleSms>[2] = {}) =>
  sampleSms(`m${index}`, new Date(ms).toISOString(), {
    voucherGuid: '1bae9d36-27fd-46f8-a9d4-a63ebd3ca953',
    ...data,
  });
export const sentAt = (ms: number, data: Partial<ApiCall>) => callAt(new Date(ms).toISOString(), data);

/** The rules that find anything in these calls, every minute judged by all rules. */
export function brokenBy(events: readonly UsageEvent[], policy: Policy = defaultPolicy): string[] {
  const signals = usageSignalsOf(events, policy);
  const rows = rowsOf(signals);
  const touched = minutesTouched(signals);
  const docket = {
    integrationId: touched[0]!.integrationId,
    dirty: touched.map(({ agreementId, minute }) => ({
      agreementId,
      minute,
      appendedAt: '2026-10-01T12:00:00.000Z',
    })),
    rows,
    allAgreements: rows,
    smsOfHour: () => 0,
  };
  const activeAgreements = activeIn(
    signals,
    rows.pairs.map(({ minute }) => minute),
  );
  // Their hours are over, too.
  const closed = docket.dirty.flatMap((mark) => [mark, { ...mark, minute: endOfGrain(mark.minute, 60) }]);
  return judge({ ...docket, closed, settled: new Map(), activeAgreements }, onePolicy(policy)).map(
    ({ rule }) => rule.id,
  );
}
