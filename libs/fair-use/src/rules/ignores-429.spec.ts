import type { ApiCall } from '@taxameter/contracts';
import fc from 'fast-check';
import { defaultPolicy } from '../policy/default-policy.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { judgeIgnores429, minutesForWaits } from './ignores-429.js';
import { isAtLeast, NOON, times } from './rules.testing.js';

/** Seconds after 11:51, the first of the ten minutes judged, and what the call was. */
type Call = readonly [second: number, data?: Partial<ApiCall>];
const LIMITED: Partial<ApiCall> = { status: 429, durationMs: 0 };

const START = Date.parse('2026-09-30T11:51:00Z');
const judge = (...calls: readonly Call[]) =>
  judgeIgnores429(
    [
      ...signalsOf(
        calls.map(([second, data]) => callAt(new Date(START + second * 1000).toISOString(), data)),
        defaultPolicy,
      ).pairs.values(),
    ],
    defaultPolicy,
    NOON,
  );
/** So many calls half a minute after a 429 that asked for a minute. */
const callsDuringAWait = (count: number) => judge([300, LIMITED], ...times(count, [330] as const));
/** How many of 60 calls, one a second, are counted after this 429 at second 300. */
const countedOf = (data: Partial<ApiCall>, from = 300) =>
  judge(
    [300, { ...LIMITED, ...data }],
    ...times(180, 0).flatMap((_, index) => times(5, [from + index] as const)),
  )?.value;

describe('IGNORES_429', () => {
  it.each([
    [4, null],
    [5, 'warning'],
    [24, 'warning'],
    [25, 'error'],
    [99, 'error'],
    [100, 'critical'],
  ])('finds %d calls before the wait was over to be %s', (calls, severity) => {
    expect(callsDuringAWait(calls)?.severity ?? null).toBe(severity);
  });

  it('says nothing of who waits, of who gets no 429, and of who makes no calls', () => {
    expect(judge([300, LIMITED], ...times(100, [360] as const))).toBeNull();
    expect(judge(...times(100, [300] as const))).toBeNull();
    expect(judge()).toBeNull();
  });

  it('forgives what began within two seconds of the answer, and the rest of that slot', () => {
    expect(judge([300, LIMITED], ...times(100, [302] as const))).toBeNull();
    expect(judge([300, LIMITED], ...times(100, [304.999] as const))).toBeNull();
    expect(judge([300, LIMITED], ...times(100, [305] as const))?.value).toBe(100);
    expect(judge([300, { ...LIMITED, durationMs: 3_001 }], ...times(100, [305] as const))).toBeNull();
  });

  it('counts until the told second, by whole slots: 60 s without one, 600 s at most', () => {
    expect(countedOf({})).toBe(55 * 5);
    expect(countedOf({ retryAfterSec: 64 })).toBe(55 * 5);
    expect(countedOf({ retryAfterSec: 65 })).toBe(60 * 5);
    expect(countedOf({ retryAfterSec: 0 })).toBeUndefined();
    expect(countedOf({ retryAfterSec: 9 })).toBeUndefined();
    const early = (second: number) =>
      judge([-60, { ...LIMITED, retryAfterSec: 86_400 }], ...times(5, [second] as const));
    expect(early(539)?.value).toBe(5);
    expect(early(540)).toBeNull();
  });

  it('begins the wait when the 429 was answered, also in the next minute, and not in the one after that', () => {
    const slow = (durationMs: number, second: number) =>
      judge([350, { ...LIMITED, durationMs }], ...times(5, [second] as const))?.value;
    expect(slow(20_000, 370)).toBeUndefined();
    expect(slow(20_000, 380)).toBe(5);
    expect(slow(120_000, 500)).toBeUndefined();
  });

  it('counts a call once, however many waits it lies in', () => {
    expect(judge(...times(4, [300, LIMITED] as const), ...times(5, [330] as const))?.value).toBe(5);
    expect(judge([300, LIMITED], [302, LIMITED], ...times(7, [330] as const))?.value).toBe(7);
  });

  it('counts calls that are answered with 429 themselves, and lets each of them ask for a wait', () => {
    expect(judge([300, LIMITED], ...times(5, [355, LIMITED] as const), [410], [360])?.value).toBe(7);
  });

  it('counts calls of the ten minutes only, and waits that were asked for before them', () => {
    expect(judge([-30, LIMITED], ...times(5, [-1] as const))).toBeNull();
    expect(judge([-30, LIMITED], ...times(5, [0] as const))?.value).toBe(5);
    expect(minutesForWaits(defaultPolicy)).toBe(20);
  });

  it('does not see a 429 that our own throttle gave', () => {
    expect(judge([300, { ...LIMITED, enforced: 'throttle' }], ...times(100, [330] as const))).toBeNull();
  });

  it('reports the sum and each minute with such calls', () => {
    expect(judge([300, LIMITED], ...times(4, [330] as const), [350], [355], [359], [400])).toEqual({
      severity: 'warning',
      value: 7,
      unit: 'calls during a wait',
      windowStart: '2026-09-30T11:51:00.000Z',
      windowEnd: '2026-09-30T12:01:00.000Z',
      threshold: 5,
      evidence: [
        { windowStart: '2026-09-30T11:56:00.000Z', windowEnd: '2026-09-30T11:57:00.000Z', value: 7 },
      ],
    });
  });

  it('never becomes milder by more calls, so that a running minute may be judged', () => {
    const call = fc.tuple(
      fc.integer({ min: -300, max: 599 }),
      fc.record({
        status: fc.constantFrom(200, 200, 429),
        durationMs: fc.nat({ max: 20_000 }),
        retryAfterSec: fc.constantFrom(null, 5, 30, 200),
      }),
    );
    const calls = fc.array(call, { maxLength: 40 });
    fc.assert(
      fc.property(calls, calls, (some, more) => {
        expect(isAtLeast(judge(...some, ...more), judge(...some))).toBe(true);
      }),
    );
  });
});
