import fc from 'fast-check';
import type { ApiCall } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { judgeLegacyAuth } from './legacy-auth.js';
import { hoursOf, isAtLeast, NOON_HOUR, times } from './rules.testing.js';

const judge = (calls: readonly number[], others: readonly number[] = []) =>
  judgeLegacyAuth(
    [
      ...hoursOf(calls.map((legacyAuthCalls) => ({ calls: 1000, legacyAuthCalls }))),
      ...hoursOf(
        others.map((legacyAuthCalls) => ({ calls: 1000, legacyAuthCalls })),
        '200001',
      ),
    ],
    defaultPolicy,
    NOON_HOUR,
  );
/** What is found in one call like this. */
const ofCall = (data: Partial<ApiCall>) => {
  const { pairHours } = signalsOf([callAt('2026-09-30T12:00:10.000Z', data)], defaultPolicy);
  return judgeLegacyAuth([...pairHours.values()], defaultPolicy, NOON_HOUR)?.severity ?? null;
};

describe('LEGACY_AUTH', () => {
  it.each([
    [0, null],
    [1, 'warning'],
    [99, 'warning'],
    [100, 'error'],
    [100_000, 'error'],
  ])('finds %d calls without a bearer token in 24 hours to be %s', (calls, severity) => {
    expect(judge([calls])?.severity ?? null).toBe(severity);
  });

  it('adds what is called on all agreements of the integration', () => {
    expect(judge([60], [39])?.severity).toBe('warning');
    expect(judge([60], [40])).toMatchObject({ severity: 'error', value: 100 });
  });

  it('counts an API key and a password whatever the answer', () => {
    for (const authScheme of ['apikey', 'basic'] as const) {
      expect(ofCall({ authScheme })).toBe('warning');
      expect(ofCall({ authScheme, status: 401 })).toBe('warning');
    }
  });

  it('counts a call without any proof only where it was let in', () => {
    expect(ofCall({ authScheme: 'none', status: 200 })).toBe('warning');
    expect(ofCall({ authScheme: 'none', status: 304 })).toBe('warning');
    for (const status of [0, 400, 401]) expect(ofCall({ authScheme: 'none', status })).toBeNull();
  });

  it('says nothing of bearer tokens, of calls of which nobody says how they were proved, and of what is not the partner’s', () => {
    expect(ofCall({ authScheme: 'bearer' })).toBeNull();
    expect(ofCall({})).toBeNull();
    expect(ofCall({ authScheme: 'apikey', status: 500 })).toBeNull();
    expect(ofCall({ authScheme: 'apikey', enforced: 'block' })).toBeNull();
    expect(ofCall({ authScheme: 'apikey', integrationId: 'unknown' })).toBeNull();
  });

  it('adds 24 hours and not the twenty-fifth', () => {
    expect(judge([50, ...times(22, 0), 50])?.severity).toBe('error');
    expect(judge([50, ...times(23, 0), 50])?.severity).toBe('warning');
  });

  it('says nothing of an integration without calls', () => {
    expect(judge([])).toBeNull();
  });

  it('reports the sum and each hour with such a call, of all agreements in one line', () => {
    expect(judge([2, 0, 3], [4])).toEqual({
      severity: 'warning',
      value: 9,
      unit: 'calls without a bearer token',
      windowStart: '2026-09-29T13:00:00.000Z',
      windowEnd: '2026-09-30T13:00:00.000Z',
      threshold: 1,
      evidence: [
        { windowStart: '2026-09-30T10:00:00.000Z', windowEnd: '2026-09-30T11:00:00.000Z', value: 2 },
        { windowStart: '2026-09-30T12:00:00.000Z', windowEnd: '2026-09-30T13:00:00.000Z', value: 7 },
      ],
    });
  });

  it('never becomes milder by more calls, so that a running hour may be judged', () => {
    const hours = fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(hours, hours, (calls, added) => {
        const after = judge(calls.map((count, hour) => count + added[hour]!));
        expect(isAtLeast(after, judge(calls))).toBe(true);
      }),
    );
  });
});
