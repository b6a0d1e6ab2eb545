import fc from 'fast-check';
import { defaultPolicy } from '../policy/default-policy.js';
import { judgeSmsForeign } from './sms-foreign.js';
import { isAtLeast, LAST_OF_HOUR, smsHour } from './rules.testing.js';

const row = (hoursBefore: number, foreignSms: number, agreementId = '148383') =>
  smsHour(hoursBefore, { sms: foreignSms + 3, foreignSms, agreementId });
const judge = (...rows: ReturnType<typeof row>[]) => judgeSmsForeign(rows, defaultPolicy, LAST_OF_HOUR);

describe('SMS_FOREIGN', () => {
  it.each([
    [0, null],
    [1, 'warning'],
    [9, 'warning'],
    [10, 'error'],
    [99, 'error'],
    [100, 'critical'],
    [100_000, 'critical'],
  ])('finds %d SMS to other countries in 24 hours to be %s', (sms, severity) => {
    expect(judge(row(5, sms))?.severity ?? null).toBe(severity);
  });

  it('adds those of all agreements and of 24 hours, and not of the 25th', () => {
    expect(judge(row(0, 4, '1'), row(0, 3, '2'), row(23, 3, '3'))?.severity).toBe('error');
    expect(judge(row(0, 4, '1'), row(0, 3, '2'), row(24, 3, '3'))?.severity).toBe('warning');
  });

  it('says nothing of an integration that sent nothing', () => {
    expect(judge()).toBeNull();
  });

  it('reports the sum, the 24 hours and each hour with one', () => {
    expect(judge(row(1, 2, '1'), row(1, 1, '2'), row(2, 0, '1'), row(4, 8, '1'))).toEqual({
      severity: 'error',
      value: 11,
      unit: 'SMS to other countries',
      windowStart: '2026-09-29T13:00:00.000Z',
      windowEnd: '2026-09-30T13:00:00.000Z',
      threshold: 10,
      evidence: [
        { windowStart: '2026-09-30T08:00:00.000Z', windowEnd: '2026-09-30T09:00:00.000Z', value: 8 },
        { windowStart: '2026-09-30T11:00:00.000Z', windowEnd: '2026-09-30T12:00:00.000Z', value: 3 },
      ],
    });
  });

  it('never becomes milder by more SMS, so that a running hour may be judged', () => {
    const hours = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 26, maxLength: 26 });
    fc.assert(
      fc.property(hours, hours, (sms, added) => {
        const before = judge(...sms.map((count, index) => row(index, count)));
        const after = judge(...sms.map((count, index) => row(index, count + added[index]!)));
        expect(isAtLeast(after, before)).toBe(true);
      }),
    );
  });
});
