import { NOTHING_AROUND } from './around.js';
import fc from 'fast-check';
import { defaultPolicy } from '../policy/default-policy.js';
import { emptyRow } from '../signals/tables.js';
import { judgeRateIntegration } from './rate-integration.js';
import { NOON, rankOf, times } from './rules.testing.js';

/** Minutes up to noon, each with the calls of each of some agreements. */
const rowsOf = (minutes: readonly (readonly number[])[]) =>
  minutes.flatMap((agreements, index) =>
    agreements.map((calls, agreement) => ({
      ...emptyRow('pairs', {
        integrationId: 'isv_eksempel',
        agreementId: `a${agreement}`,
        minute: NOON - minutes.length + 1 + index,
      }),
      calls,
    })),
  );
const judge = (minutes: readonly (readonly number[])[], activeAgreements = 20) =>
  judgeRateIntegration(rowsOf(minutes), defaultPolicy, NOON, { ...NOTHING_AROUND, activeAgreements });
/** So many calls over agreements of which one alone makes fifty, the others fewer. */
const spread = (calls: number) => [50, ...times(Math.floor((calls - 50) / 40), 40), (calls - 50) % 40];

describe('RATE_INTEGRATION', () => {
  // 300 and 10 for each of 20 agreements: 500 are 100 %.
  it.each([
    [299, null],
    [300, 'info'],
    [399, 'info'],
    [400, 'warning'],
    [499, 'warning'],
    [500, 'error'],
    [749, 'error'],
    [750, 'critical'],
  ])('finds %d calls a minute in five of fifteen minutes, of 20 agreements, to be %s', (calls, severity) => {
    expect(judge(times(5, spread(calls)))?.severity ?? null).toBe(severity);
  });

  it('forgives four minutes, however busy', () => {
    expect(judge([...times(4, spread(5000)), ...times(11, spread(299))])).toBeNull();
  });

  it('never speaks up while every agreement stays below half of what it may make', () => {
    expect(judge(times(15, times(1000, 49)))).toBeNull();
    expect(judge(times(15, [...times(1000, 49), 50]))?.severity).toBe('critical');
  });

  it('counts only the minutes in which one agreement was that busy', () => {
    expect(judge([...times(4, spread(800)), ...times(11, times(20, 40))])).toBeNull();
    expect(judge([...times(5, spread(800)), ...times(10, times(20, 40))])?.severity).toBe('critical');
  });

  it('grows its limit with the agreements that are active, up to 10,000 calls a minute', () => {
    expect(judge(times(5, spread(1000)), 20)?.severity).toBe('critical');
    expect(judge(times(5, spread(1000)), 200)).toBeNull();
    expect(judge(times(5, spread(6000)), 100_000)).toMatchObject({ severity: 'info', threshold: 6000 });
  });

  it('forgets a minute when it is more than fifteen minutes old', () => {
    expect(judge([...times(5, spread(500)), ...times(10, [1])])?.severity).toBe('error');
    expect(judge([...times(5, spread(500)), ...times(11, [1])])).toBeNull();
  });

  it('says nothing of an integration without calls', () => {
    expect(judge([])).toBeNull();
  });

  it('reports the rate of all agreements that was held, and the minutes that carry it', () => {
    const verdict = judge([spread(900), ...times(4, spread(320))])!;
    expect(verdict).toMatchObject({
      severity: 'info',
      value: 320,
      unit: 'calls per minute of all agreements',
      threshold: 300,
      windowStart: '2026-09-30T11:46:00.000Z',
      windowEnd: '2026-09-30T12:01:00.000Z',
    });
    expect(verdict.evidence.map((line) => line.value)).toEqual([900, 320, 320, 320, 320]);
  });

  it('never becomes worse by more active agreements', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: 2000 }),
        fc.nat({ max: 500 }),
        fc.nat({ max: 500 }),
        (calls, active, more) => {
          const minutes = times(5, [60, calls]);
          expect(rankOf(judge(minutes, active + more))).toBeLessThanOrEqual(rankOf(judge(minutes, active)));
        },
      ),
    );
  });
});
