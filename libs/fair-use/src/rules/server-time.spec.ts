import fc from 'fast-check';
import { defaultPolicy } from '../policy/default-policy.js';
import type { Policy } from '../policy/policy.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { isAtLeast, minutesOf, NOON, times } from './rules.testing.js';
import { judgeServerTime } from './server-time.js';

/** As it will be once a slow platform can be told from a heavy client. */
const strict: Policy = {
  ...defaultPolicy,
  rules: {
    ...defaultPolicy.rules,
    SERVER_TIME: {
      windowMinutes: 15,
      thresholds: {
        warning: { serverTimeMs: 60_000, minutes: 5 },
        error: { serverTimeMs: 90_000, minutes: 5 },
        critical: { serverTimeMs: 180_000, minutes: 10 },
      },
    },
  },
};
const judge = (serverTimes: readonly number[], policy = strict) =>
  judgeServerTime(minutesOf(serverTimes.map((serverTimeMs) => ({ calls: 1, serverTimeMs }))), policy, NOON);

describe('SERVER_TIME', () => {
  it('tells no more than info for now, however much it is: the platform may have been slow', () => {
    expect(judge(times(5, 59_999), defaultPolicy)).toBeNull();
    expect(judge(times(15, 9_000_000), defaultPolicy)?.severity).toBe('info');
  });

  it.each([
    [59_999, null],
    [60_000, 'warning'],
    [89_999, 'warning'],
    [90_000, 'error'],
    [180_000, 'error'],
  ])('finds %d ms a minute in five of fifteen minutes to be %s', (serverTimeMs, severity) => {
    expect(judge(times(5, serverTimeMs))?.severity ?? null).toBe(severity);
  });

  it('is critical from 180 s a minute in ten of fifteen minutes, and not below', () => {
    expect(judge(times(10, 180_000))?.severity).toBe('critical');
    expect(judge(times(10, 179_999))?.severity).toBe('error');
    expect(judge(times(9, 180_000))?.severity).toBe('error');
  });

  it('forgives four minutes of load, however heavy', () => {
    expect(judge([...times(4, 9_000_000), ...times(11, 59_999)])).toBeNull();
  });

  it('says nothing of an integration without calls', () => {
    expect(judge([])).toBeNull();
  });

  it('reports ms, with the minutes that carry the verdict', () => {
    const verdict = judge([200_000, 61_000, 62_000, 63_000, 64_000, 100])!;
    expect(verdict).toMatchObject({
      severity: 'warning',
      value: 61_000,
      unit: 'ms of server time per minute',
      threshold: 60_000,
    });
    expect(verdict.evidence.map((line) => line.value)).toEqual([200_000, 61_000, 62_000, 63_000, 64_000]);
  });

  it('never finds calls that were made one after the other, however slow the answers are', () => {
    const call = fc.record({
      // An answer takes the network a millisecond at least.
      pauseMs: fc.integer({ min: 1, max: 500 }),
      durationMs: fc.integer({ min: 0, max: 200_000 }),
    });
    fc.assert(
      fc.property(fc.array(call, { minLength: 1, maxLength: 200 }), (calls) => {
        let atMs = Date.UTC(2026, 8, 30, 11);
        const events = calls.map(({ pauseMs, durationMs }) => {
          atMs += pauseMs;
          const event = callAt(new Date(atMs).toISOString(), { durationMs });
          atMs += durationMs;
          return event;
        });
        const rows = [...signalsOf(events, defaultPolicy).pairs.values()];
        for (const row of rows) expect(row.serverTimeMs).toBeLessThanOrEqual(60_000);
        for (const row of rows.filter(({ calls: count }) => count > 1)) {
          expect(row.serverTimeMs).toBeLessThan(60_000);
        }
      }),
    );
  });

  it('never becomes milder by more calls, so that a running minute may be judged', () => {
    const minutes = fc.array(fc.integer({ min: 0, max: 240_000 }), { minLength: 15, maxLength: 15 });
    const more = fc.array(fc.integer({ min: 0, max: 90_000 }), { minLength: 15, maxLength: 15 });
    fc.assert(
      fc.property(minutes, more, (served, added) => {
        const after = judge(served.map((ms, index) => ms + added[index]!));
        expect(isAtLeast(after, judge(served))).toBe(true);
      }),
    );
  });
});
