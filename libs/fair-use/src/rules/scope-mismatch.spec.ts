import fc from 'fast-check';
import type { ApiCall } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { hoursOf, isAtLeast, NOON_HOUR, times } from './rules.testing.js';
import { judgeScopeMismatch } from './scope-mismatch.js';

const judge = (calls: readonly number[], others: readonly number[] = []) =>
  judgeScopeMismatch(
    [
      ...hoursOf(calls.map((missingScopes) => ({ calls: 1000, missingScopes }))),
      ...hoursOf(
        others.map((missingScopes) => ({ calls: 1000, missingScopes })),
        '200001',
      ),
    ],
    defaultPolicy,
    NOON_HOUR,
  );
/** What is found in ten calls like this. */
const ofTen = (data: Partial<ApiCall>) => {
  const calls = times(10, data).map((each) => callAt('2026-09-30T12:00:10.000Z', each));
  const { pairHours } = signalsOf(calls, defaultPolicy);
  return judgeScopeMismatch([...pairHours.values()], defaultPolicy, NOON_HOUR)?.severity ?? null;
};

describe('SCOPE_MISMATCH', () => {
  it.each([
    [4, null],
    [5, 'info'],
    [49, 'info'],
    [50, 'warning'],
    [100_000, 'warning'],
  ])('finds %d calls without the scope in 24 hours to be %s', (calls, severity) => {
    expect(judge([calls])?.severity ?? null).toBe(severity);
  });

  it('adds what is refused on all agreements of the integration', () => {
    expect(judge([3], [1])).toBeNull();
    expect(judge([3], [2])).toMatchObject({ severity: 'info', value: 5 });
  });

  it('counts a 403 only where the event says that a scope was missing', () => {
    expect(ofTen({ status: 403, errorReason: 'missing_scope' })).toBe('info');
    expect(ofTen({ status: 403 })).toBeNull();
    expect(ofTen({ status: 403, errorReason: 'something_else' })).toBeNull();
    expect(ofTen({ status: 401, errorReason: 'missing_scope' })).toBeNull();
    expect(ofTen({ status: 200, errorReason: 'missing_scope' })).toBeNull();
  });

  it('leaves out a customer without the plan, and our own restriction', () => {
    expect(ofTen({ status: 403, errorReason: 'missing_scope', errorCode: 48 })).toBeNull();
    expect(ofTen({ status: 403, errorReason: 'missing_scope', enforced: 'block' })).toBeNull();
  });

  it('adds 24 hours and not the twenty-fifth', () => {
    expect(judge([3, ...times(22, 0), 2])?.value).toBe(5);
    expect(judge([3, ...times(23, 0), 2])).toBeNull();
  });

  it('says nothing of an integration without calls, or without a refused one', () => {
    expect(judge([])).toBeNull();
    expect(judge(times(24, 0))).toBeNull();
  });

  it('reports the sum and each hour with such a call', () => {
    expect(judge([4, 0, 3], [1])).toEqual({
      severity: 'info',
      value: 8,
      unit: 'calls without the scope',
      windowStart: '2026-09-29T13:00:00.000Z',
      windowEnd: '2026-09-30T13:00:00.000Z',
      threshold: 5,
      evidence: [
        { windowStart: '2026-09-30T10:00:00.000Z', windowEnd: '2026-09-30T11:00:00.000Z', value: 4 },
        { windowStart: '2026-09-30T12:00:00.000Z', windowEnd: '2026-09-30T13:00:00.000Z', value: 4 },
      ],
    });
  });

  it('never becomes milder by more calls, so that a running hour may be judged', () => {
    const hours = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(hours, hours, (calls, added) => {
        const after = judge(calls.map((count, hour) => count + added[hour]!));
        expect(isAtLeast(after, judge(calls))).toBe(true);
      }),
    );
  });
});
