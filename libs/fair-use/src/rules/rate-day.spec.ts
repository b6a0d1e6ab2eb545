import fc from 'fast-check';
import { defaultPolicy } from '../policy/default-policy.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { judgeRateDay } from './rate-day.js';
import { hoursOf, isAtLeast, NOON_HOUR, times } from './rules.testing.js';

const judge = (calls: readonly number[]) =>
  judgeRateDay(hoursOf(calls.map((count) => ({ calls: count }))), defaultPolicy, NOON_HOUR);

describe('RATE_DAY', () => {
  it.each([
    [19_999, null],
    [20_000, 'info'],
    [29_999, 'info'],
    [30_000, 'warning'],
    [39_999, 'warning'],
    [40_000, 'error'],
    [49_999, 'error'],
    [50_000, 'critical'],
    [1_000_000, 'critical'],
  ])('finds %d calls in 24 hours to be %s', (calls, severity) => {
    expect(judge([calls - 1000, 1000])?.severity ?? null).toBe(severity);
  });

  it('adds 24 hours, the one that still runs among them, and not the twenty-fifth', () => {
    expect(judge([10_000, ...times(22, 0), 10_000])?.value).toBe(20_000);
    expect(judge([10_000, ...times(23, 0), 10_000])).toBeNull();
  });

  it('counts a call for the hour of UTC in which it began', () => {
    const calls = ['2026-09-30T11:59:59.999Z', '2026-09-30T12:00:00.000Z', '2026-09-30T12:59:59.999Z'];
    const signals = signalsOf(
      calls.map((time) => callAt(time)),
      defaultPolicy,
    );
    expect([...signals.pairHours.values()].map(({ minute, calls: count }) => [minute, count])).toEqual([
      [NOON_HOUR - 60, 1],
      [NOON_HOUR, 2],
    ]);
  });

  it('does not look at hours after the one judged', () => {
    expect(judgeRateDay(hoursOf([{ calls: 50_000 }]), defaultPolicy, NOON_HOUR - 60)).toBeNull();
  });

  it('says nothing of an integration without calls', () => {
    expect(judge([])).toBeNull();
  });

  it('reports the sum, the 24 hours and each hour with calls', () => {
    expect(judge([12_000, 0, 9_000])).toEqual({
      severity: 'info',
      value: 21_000,
      unit: 'calls in 24 hours',
      windowStart: '2026-09-29T13:00:00.000Z',
      windowEnd: '2026-09-30T13:00:00.000Z',
      threshold: 20_000,
      evidence: [
        { windowStart: '2026-09-30T10:00:00.000Z', windowEnd: '2026-09-30T11:00:00.000Z', value: 12_000 },
        { windowStart: '2026-09-30T12:00:00.000Z', windowEnd: '2026-09-30T13:00:00.000Z', value: 9_000 },
      ],
    });
  });

  it('never becomes milder by more calls, so that a running hour may be judged', () => {
    const hours = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(hours, hours, (calls, added) => {
        const after = judge(calls.map((count, hour) => count + added[hour]!));
        expect(isAtLeast(after, judge(calls))).toBe(true);
      }),
    );
  });
});
