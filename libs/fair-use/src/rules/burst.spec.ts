import fc from 'fast-check';
import { defaultPolicy } from '../policy/default-policy.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { judgeBurst } from './burst.js';
import { isAtLeast, minutesOf, NOON, times } from './rules.testing.js';

/** One burst in each minute, the others of its slots calm. */
const judge = (bursts: readonly number[]) =>
  judgeBurst(
    minutesOf(bursts.map((calls) => ({ calls, callsBySlot: [3, calls, ...times(10, 3)] }))),
    defaultPolicy,
    NOON,
  );
/** What is found in calls at these offsets (ms) from 11:57. */
const judgeCalls = (offsets: readonly number[]) => {
  const start = Date.parse('2026-09-30T11:57:00Z');
  const calls = offsets.map((offset) => callAt(new Date(start + offset).toISOString()));
  return judgeBurst([...signalsOf(calls, defaultPolicy).pairs.values()], defaultPolicy, NOON);
};

describe('BURST', () => {
  it.each([
    [24, null],
    [25, 'warning'],
    [49, 'warning'],
    [50, 'error'],
    [79, 'error'],
    [80, 'critical'],
  ])('finds %d calls in five seconds, in three of ten minutes, to be %s', (calls, severity) => {
    expect(judge(times(3, calls))?.severity ?? null).toBe(severity);
  });

  it('forgives bursts in two minutes, however large', () => {
    expect(judge([...times(2, 5000), ...times(8, 24)])).toBeNull();
  });

  it('counts minutes that do not follow each other, and forgets the eleventh', () => {
    expect(judge([25, 0, 0, 0, 25, 0, 0, 0, 0, 25])?.severity).toBe('warning');
    expect(judge([25, 0, 0, 0, 25, 0, 0, 0, 0, 0, 25])).toBeNull();
  });

  it('takes one burst of half a minute, six slots long, for one', () => {
    expect(judgeCalls(times(150, 0).map((_, index) => index * 200))).toBeNull();
  });

  it('cuts slots at whole five seconds, the start within and the end without', () => {
    const bursts = (offset: number) => [0, 1, 2].flatMap((minute) => times(25, minute * 60_000 + offset));
    expect(judgeCalls(bursts(5_000))?.value).toBe(25);
    const split = [0, 1, 2].flatMap((minute) => [
      ...times(24, minute * 60_000 + 4_999),
      ...times(24, minute * 60_000 + 5_000),
    ]);
    expect(judgeCalls(split)).toBeNull();
  });

  it('says nothing of an integration without calls', () => {
    expect(judge([])).toBeNull();
  });

  it('reports the busiest slot of each minute with a burst', () => {
    const verdict = judge([300, 3, 31, 32, 24])!;
    expect(verdict).toMatchObject({
      severity: 'warning',
      value: 31,
      unit: 'calls in 5 seconds',
      threshold: 25,
      windowStart: '2026-09-30T11:51:00.000Z',
      windowEnd: '2026-09-30T12:01:00.000Z',
    });
    expect(verdict.evidence.map((line) => line.value)).toEqual([300, 31, 32]);
  });

  it('never becomes milder by more calls, so that a running minute may be judged', () => {
    const slots = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 12, maxLength: 12 });
    const minutes = fc.array(slots, { minLength: 10, maxLength: 10 });
    const judgeSlots = (bySlot: number[][]) =>
      judgeBurst(minutesOf(bySlot.map((callsBySlot) => ({ callsBySlot }))), defaultPolicy, NOON);
    fc.assert(
      fc.property(minutes, minutes, (bySlot, more) => {
        const after = bySlot.map((counts, minute) =>
          counts.map((count, slot) => count + more[minute]![slot]!),
        );
        expect(isAtLeast(judgeSlots(after), judgeSlots(bySlot))).toBe(true);
      }),
    );
  });
});
