import fc from 'fast-check';
import { afterAttempt, readRetryAfter, RETRY_DELAYS_MS } from './retry-schedule.js';

const now = new Date('2026-10-05T08:00:00Z');
const failed = { outcome: 'retry', retryAfterMs: null } as const;
const waitMs = (number: number, random = 0.5, retryAfterMs: number | null = null) => {
  const { nextAttemptAt } = afterAttempt({ outcome: 'retry', retryAfterMs }, number, now, random);
  return nextAttemptAt === null ? null : nextAttemptAt.getTime() - now.getTime();
};

describe('retry schedule', () => {
  it('waits 5 s after the first failure and 24 h after the ninth', () => {
    expect(waitMs(1)).toBe(5_000);
    expect(waitMs(9)).toBe(24 * 3_600_000);
  });

  it('gives up after the tenth failure', () => {
    expect(afterAttempt(failed, 10, now, 0)).toEqual({ state: 'failed', nextAttemptAt: null });
  });

  it('never tries again what was delivered or is gone', () => {
    expect(afterAttempt({ outcome: 'delivered', retryAfterMs: 1_000 }, 1, now, 0)).toEqual({
      state: 'delivered',
      nextAttemptAt: null,
    });
    expect(afterAttempt({ outcome: 'gone', retryAfterMs: null }, 1, now, 0).state).toBe('disabled');
  });

  it('waits as long as the receiver asks, but not longer than a day', () => {
    expect(waitMs(1, 0.5, 90_000)).toBe(90_000);
    expect(waitMs(1, 0.5, 90 * 86_400_000)).toBe(86_400_000);
  });

  it('does not come back earlier because the receiver asks for a short pause', () => {
    expect(waitMs(3, 0.5, 1_000)).toBe(30 * 60_000);
  });

  it('keeps the jitter within a tenth of the delay on both sides', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (number, random) => {
          const delayMs = RETRY_DELAYS_MS[number]!;
          const wait = waitMs(number, random)!;
          return wait >= 0.9 * delayMs - 1 && wait <= 1.1 * delayMs + 1;
        },
      ),
    );
  });

  it.each([
    ['120', 120_000],
    ['Mon, 05 Oct 2026 08:01:00 GMT', 60_000],
    ['Mon, 05 Oct 2026 07:00:00 GMT', 0],
    ['-5', null],
    ['soon', null],
    ['9'.repeat(50), null],
    [undefined, null],
  ])('reads Retry-After %s as %s ms', (header, expected) => {
    expect(readRetryAfter(header, now)).toBe(expected);
  });
});
