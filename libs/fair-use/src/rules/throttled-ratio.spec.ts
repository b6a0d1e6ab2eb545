import { defaultPolicy } from '../policy/default-policy.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { minutesOf, NOON, times } from './rules.testing.js';
import { judgeThrottledRatio } from './throttled-ratio.js';

const judge = (...measures: Parameters<typeof minutesOf>[0]) =>
  judgeThrottledRatio(minutesOf(measures), defaultPolicy, NOON);

describe('THROTTLED_RATIO', () => {
  it.each([
    [0, null],
    [1, 'info'],
    [19, 'info'],
    [20, 'warning'],
    [99, 'warning'],
    [100, 'error'],
    [299, 'error'],
    [300, 'critical'],
  ])('finds %d times 429 in 1,000 calls to be %s', (throttled, severity) => {
    expect(judge({ calls: 1000, throttled })?.severity ?? null).toBe(severity);
  });

  it('says nothing of fewer than 50 calls, though all are answered with 429', () => {
    expect(judge({ calls: 49, throttled: 49 })).toBeNull();
    expect(judge({ calls: 50, throttled: 50 })?.severity).toBe('critical');
  });

  it('says nothing of an integration without calls', () => {
    expect(judge()).toBeNull();
  });

  it('does not see a 429 that our own throttle gave', () => {
    const calls = [...times(60, {}), ...times(60, { status: 429, enforced: 'throttle' as const })].map(
      (data) => callAt('2026-09-30T12:00:10.000Z', data),
    );
    const rows = [...signalsOf(calls, defaultPolicy).pairs.values()];
    expect(judgeThrottledRatio(rows, defaultPolicy, NOON)).toBeNull();
  });

  it('becomes milder by calls that succeed, which is why it waits for closed minutes', () => {
    expect(judge({ calls: 50, throttled: 5 })?.severity).toBe('error');
    expect(judge({ calls: 51, throttled: 5 })?.severity).toBe('warning');
  });

  it('never reports a share of nothing where something was counted', () => {
    expect(judge({ calls: 5_000, throttled: 1 })).toMatchObject({ value: 0.1, evidence: [{ value: 1 }] });
  });

  it('reports the share of fifteen minutes and the minutes that had a 429', () => {
    expect(judge({ calls: 90 }, { calls: 110, throttled: 10 })).toMatchObject({
      severity: 'warning',
      value: 5,
      unit: 'percent of calls',
      threshold: 2,
      evidence: [{ windowStart: '2026-09-30T12:00:00.000Z', value: 9 }],
    });
  });
});
