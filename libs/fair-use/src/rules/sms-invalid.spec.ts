import type { ApiCall } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { hoursOf, NOON_HOUR, times } from './rules.testing.js';
import { judgeSmsInvalid } from './sms-invalid.js';

type Attempts = readonly [smsAttempts: number, smsRejected: number];
const rowsOf = (hours: readonly Attempts[], agreement?: string) =>
  hoursOf(
    hours.map(([smsAttempts, smsRejected]) => ({ calls: smsAttempts, smsAttempts, smsRejected })),
    agreement,
  );
const judge = (...hours: Attempts[]) => judgeSmsInvalid(rowsOf(hours), defaultPolicy, NOON_HOUR);
const SMS: Partial<ApiCall> = {
  method: 'POST',
  operation: 'action',
  route: '/v1/{organizationId}/sms/{voucherGuid}/send-sms',
};
/** What is found in twenty SMS, two of them answered like this. */
const ofTwenty = (data: Partial<ApiCall>) => {
  const calls = [...times(2, data), ...times(18, {})].map((each) =>
    callAt('2026-09-30T12:00:10.000Z', { ...SMS, ...each }),
  );
  const { pairHours } = signalsOf(calls, defaultPolicy);
  return judgeSmsInvalid([...pairHours.values()], defaultPolicy, NOON_HOUR)?.severity ?? null;
};

describe('SMS_INVALID', () => {
  it.each([
    [9, null],
    [10, 'warning'],
    [29, 'warning'],
    [30, 'error'],
    [100, 'error'],
  ])('finds %d rejected of 100 SMS in 24 hours to be %s', (rejected, severity) => {
    expect(judge([100, rejected])?.severity ?? null).toBe(severity);
  });

  it('says nothing of fewer than 20 attempts, though all are rejected', () => {
    expect(judge([19, 19])).toBeNull();
    expect(judge([20, 20])?.severity).toBe('error');
  });

  it('takes the share of all agreements together', () => {
    const rows = [...rowsOf([[10, 3]]), ...rowsOf([[10, 0]], '200001')];
    expect(judgeSmsInvalid(rows, defaultPolicy, NOON_HOUR)).toMatchObject({ severity: 'warning', value: 15 });
  });

  it('counts answers that say that the SMS is wrong, and no others', () => {
    for (const status of [400, 404, 422]) expect(ofTwenty({ status })).toBe('warning');
    for (const status of [200, 0, 401, 403, 429, 500]) expect(ofTwenty({ status })).toBeNull();
    expect(ofTwenty({ status: 403, errorCode: 48 })).toBeNull();
    expect(ofTwenty({ status: 400, enforced: 'block' })).toBeNull();
  });

  it('counts calls that send an SMS in any version of the API, and no others', () => {
    expect(ofTwenty({ status: 400, route: '/v1.1/{organizationId}/sms/{voucherGuid}/send-sms' })).toBe(
      'warning',
    );
    expect(ofTwenty({ status: 400, route: '/v1/{organizationId}/sms/validate' })).toBeNull();
    expect(ofTwenty({ status: 400, method: 'GET' })).toBeNull();
  });

  it('adds 24 hours and not the twenty-fifth', () => {
    expect(judge([10, 2], ...times(22, [0, 0] as const), [10, 0])?.value).toBe(10);
    expect(judge([10, 2], ...times(23, [0, 0] as const), [10, 0])).toBeNull();
  });

  it('says nothing of an integration without SMS, or without a rejected one', () => {
    expect(judge()).toBeNull();
    expect(judge([5000, 0])).toBeNull();
  });

  it('becomes milder by SMS that are sent, which is why it waits for closed hours', () => {
    expect(judge([20, 2])?.severity).toBe('warning');
    expect(judge([21, 2])).toBeNull();
  });

  it('reports the share, cut and never rounded up, and the hours that had rejected ones', () => {
    expect(judge([30, 8], [20, 0], [10, 1])).toEqual({
      severity: 'warning',
      value: 15,
      unit: 'percent of SMS',
      windowStart: '2026-09-29T13:00:00.000Z',
      windowEnd: '2026-09-30T13:00:00.000Z',
      threshold: 10,
      evidence: [
        { windowStart: '2026-09-30T10:00:00.000Z', windowEnd: '2026-09-30T11:00:00.000Z', value: 26 },
        { windowStart: '2026-09-30T12:00:00.000Z', windowEnd: '2026-09-30T13:00:00.000Z', value: 10 },
      ],
    });
  });
});
