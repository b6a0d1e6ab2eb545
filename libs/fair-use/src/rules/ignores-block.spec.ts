import fc from 'fast-check';
import type { ApiCall } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { judgeErrorRatio } from './error-ratio.js';
import { judgeIgnoresBlock } from './ignores-block.js';
import { isAtLeast, minutesOf, NOON, times } from './rules.testing.js';

const judge = (blocked: readonly number[]) =>
  judgeIgnoresBlock(minutesOf(blocked.map((blockedCalls) => ({ blockedCalls }))), defaultPolicy, NOON);
const BLOCKED: Partial<ApiCall> = { status: 403, enforced: 'block' };
const signals = (...calls: readonly Partial<ApiCall>[]) =>
  signalsOf(
    calls.map((data) => callAt('2026-09-30T12:00:10.000Z', data)),
    defaultPolicy,
  );

describe('IGNORES_BLOCK', () => {
  it.each([
    [4, 5_000, null],
    [5, 9, null],
    [5, 10, 'info'],
    [9, 5_000, 'info'],
    [10, 49, 'info'],
    [10, 50, 'warning'],
    [10, 99, 'warning'],
    [10, 100, 'error'],
    [15, 5_000, 'error'],
  ])('finds in %d minutes %d calls that a block answered to be %s', (minutes, calls, severity) => {
    expect(judge(times(minutes, calls))?.severity ?? null).toBe(severity);
  });

  it('counts minutes that do not follow each other, and forgets the sixteenth', () => {
    expect(judge([10, 0, 10, 0, 10, 0, 10, 0, 0, 0, 0, 0, 0, 0, 10])?.severity).toBe('info');
    expect(judge([10, 0, 10, 0, 10, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 10])).toBeNull();
  });

  it('says nothing of who is not called', () => {
    expect(judge([])).toBeNull();
  });

  it('counts what a block answered in no other measure, nor a throttle or a call of nobody at all', () => {
    const { pairs, routes, pairHours } = signals(
      ...times(3, BLOCKED),
      { ...BLOCKED, status: 503 },
      { ...BLOCKED, status: 429, authScheme: 'apikey' },
      { status: 429, enforced: 'throttle' },
      { ...BLOCKED, integrationId: 'unknown' },
    );
    expect([...pairs.values()]).toEqual([...minutesOf([{ blockedCalls: 5 }])]);
    expect([...routes.values(), ...pairHours.values()]).toEqual([]);
  });

  it('does not make a share judged in a minute that has no other calls', () => {
    const before = { calls: 200, clientErrors: 50 };
    expect(judgeErrorRatio(minutesOf([before, { calls: 1 }]), defaultPolicy, NOON)?.severity).toBe('warning');
    expect(judgeErrorRatio(minutesOf([before, { blockedCalls: 9 }]), defaultPolicy, NOON)).toBeNull();
  });

  it('reports the fifth highest minute and each with as many', () => {
    const verdict = judge([300, 3, 14, 13, 12, 11, 9])!;
    expect(verdict).toMatchObject({
      severity: 'info',
      value: 11,
      unit: 'blocked calls per minute',
      threshold: 10,
    });
    expect(verdict.evidence.map((line) => line.value)).toEqual([300, 14, 13, 12, 11]);
  });

  it('never becomes milder by more calls, so that a running minute may be judged', () => {
    const minutes = fc.array(fc.integer({ min: 0, max: 80 }), { minLength: 15, maxLength: 15 });
    fc.assert(
      fc.property(minutes, minutes, (some, more) => {
        const after = some.map((calls, minute) => calls + more[minute]!);
        expect(isAtLeast(judge(after), judge(some))).toBe(true);
      }),
    );
  });
});
