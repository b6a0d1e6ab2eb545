import { NOTHING_AROUND } from './around.js';
import { defaultPolicy } from '../policy/default-policy.js';
import type { Policy } from '../policy/policy.js';
import { endOfGrain, minuteOf } from '../signals/minute.js';
import { LAST_OF_HOUR, smsHour } from './rules.testing.js';
import { judgeSmsSpike } from './sms-spike.js';

/** Judges so many SMS in the hour from 14:00 in Copenhagen on 30 September, after so many in the hours that begin at these instants. */
function judge(sms: number, before: Record<string, number> = {}, policy: Policy = defaultPolicy) {
  const byHour = new Map(
    Object.entries(before).map(([start, count]) => [endOfGrain(minuteOf(start), 60), count]),
  );
  return judgeSmsSpike([smsHour(0, { sms })], policy, LAST_OF_HOUR, {
    ...NOTHING_AROUND,
    smsOfHour: (minute: number) => byHour.get(minute) ?? 0,
  });
}

/** The same number at the same hour of the latest days of September. */
function usually(sms: number, days: number): Record<string, number> {
  return Object.fromEntries(
    Array.from({ length: days }, (_, index) => [
      `2026-09-${String(29 - index).padStart(2, '0')}T12:00:00Z`,
      sms,
    ]),
  );
}

describe('SMS_SPIKE', () => {
  it.each([
    [0, null],
    [200, null],
    [201, 'warning'],
    [600, 'warning'],
    [601, 'error'],
    [2_000, 'error'],
    [2_001, 'critical'],
  ])('finds %d SMS in an hour, where nothing was usual, to be %s', (sms, severity) => {
    expect(judge(sms)?.severity ?? null).toBe(severity);
  });

  it('leaves three times what is usual at this hour, in all severities', () => {
    const before = usually(500, 28);
    expect(judge(1_500, before)).toBeNull();
    expect(judge(1_501, before)).toMatchObject({ severity: 'warning', threshold: 1_501 });
    expect(judge(4_501, before)).toMatchObject({ severity: 'error', threshold: 4_501 });
    expect(judge(15_001, before)?.severity).toBe('critical');
  });

  it('does not take one day of 28 for usual, but two', () => {
    expect(judge(900, usually(500, 1))?.severity).toBe('error');
    expect(judge(900, usually(500, 2))).toBeNull();
  });

  it('does not look at another hour of the days before, nor further back than 28 days', () => {
    const other = { '2026-09-28T13:00:00Z': 900, '2026-09-29T13:00:00Z': 900 };
    expect(judge(900, other)?.severity).toBe('error');
    const tooOld = { '2026-09-01T12:00:00Z': 900, '2026-09-02T12:00:00Z': 900 };
    expect(judge(900, tooOld)?.severity).toBe('error');
  });

  it('leaves three times the busiest hour of the same day of a month before, whichever hour that was', () => {
    expect(judge(2_400, { '2026-07-30T07:00:00Z': 800 })).toBeNull();
    expect(judge(2_401, { '2026-07-30T07:00:00Z': 800 })?.threshold).toBe(2_401);
    expect(judge(2_400, { '2026-05-30T07:00:00Z': 800 })?.severity).toBe('critical');
  });

  it('honours a volume that was declared, and counts all agreements together', () => {
    const policy: Policy = {
      ...defaultPolicy,
      rules: {
        ...defaultPolicy.rules,
        SMS_SPIKE: { ...defaultPolicy.rules.SMS_SPIKE, declaredSmsPerHour: 1_000 },
      },
    };
    expect(judge(1_000, {}, policy)).toBeNull();
    expect(judge(1_001, {}, policy)?.threshold).toBe(1_001);
    const agreements = Array.from({ length: 201 }, (_, index) =>
      smsHour(0, { sms: 1, agreementId: String(index) }),
    );
    const judgeAll = (rows: typeof agreements) =>
      judgeSmsSpike(rows, defaultPolicy, LAST_OF_HOUR, { ...NOTHING_AROUND, smsOfHour: () => 0 })?.severity ??
      null;
    expect(judgeAll(agreements)).toBe('warning');
    expect(judgeAll(agreements.slice(1))).toBeNull();
  });

  it('looks at the hour alone, and says nothing of an integration that sent nothing', () => {
    const rows = [smsHour(1, { sms: 5_000 }), smsHour(0, { sms: 200 })];
    expect(
      judgeSmsSpike(rows, defaultPolicy, LAST_OF_HOUR, { ...NOTHING_AROUND, smsOfHour: () => 0 }),
    ).toBeNull();
    expect(
      judgeSmsSpike([], defaultPolicy, LAST_OF_HOUR, { ...NOTHING_AROUND, smsOfHour: () => 0 }),
    ).toBeNull();
  });

  it('reports the hour, its SMS and the limit', () => {
    expect(judge(950, usually(100, 28))).toEqual({
      severity: 'error',
      value: 950,
      unit: 'SMS in an hour',
      windowStart: '2026-09-30T12:00:00.000Z',
      windowEnd: '2026-09-30T13:00:00.000Z',
      threshold: 901,
      evidence: [
        { windowStart: '2026-09-30T12:00:00.000Z', windowEnd: '2026-09-30T13:00:00.000Z', value: 950 },
      ],
    });
  });
});
