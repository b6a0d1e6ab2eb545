import fc from 'fast-check';
import { defaultPolicy } from '../policy/default-policy.js';
import { isAtLeast, minutesOf, NOON, times } from './rules.testing.js';
import { judgeWriteRate } from './write-rate.js';

const judge = (writes: readonly number[]) =>
  judgeWriteRate(minutesOf(writes.map((count) => ({ calls: count, writes: count }))), defaultPolicy, NOON);

describe('WRITE_RATE', () => {
  it.each([
    [40, null],
    [41, 'warning'],
    [60, 'warning'],
    [61, 'error'],
    [80, 'error'],
  ])('finds %d writes a minute in five of fifteen minutes to be %s', (writes, severity) => {
    expect(judge(times(5, writes))?.severity ?? null).toBe(severity);
  });

  it('is critical from more than 80 a minute in ten of fifteen minutes, and not in nine', () => {
    expect(judge(times(10, 81))?.severity).toBe('critical');
    expect(judge(times(9, 81))?.severity).toBe('error');
  });

  it('forgives four minutes of writing, whatever was written in them', () => {
    expect(judge([...times(4, 5000), ...times(11, 40)])).toBeNull();
  });

  it('does not count what only reads', () => {
    const reads = minutesOf(times(15, { calls: 500, writes: 0 }));
    expect(judgeWriteRate(reads, defaultPolicy, NOON)).toBeNull();
  });

  it('says nothing of an integration without calls', () => {
    expect(judge([])).toBeNull();
  });

  it('reports the rate that was held in k minutes and the minutes that carry it', () => {
    const verdict = judge([90, 42, 43, 44, 45, 3])!;
    expect(verdict).toMatchObject({
      severity: 'warning',
      value: 42,
      unit: 'writes per minute',
      threshold: 41,
      windowStart: '2026-09-30T11:46:00.000Z',
      windowEnd: '2026-09-30T12:01:00.000Z',
    });
    expect(verdict.evidence.map((line) => line.value)).toEqual([90, 42, 43, 44, 45]);
  });

  it('never becomes milder by more writes, so that a running minute may be judged', () => {
    const minutes = fc.array(fc.integer({ min: 0, max: 110 }), { minLength: 15, maxLength: 15 });
    const more = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 15, maxLength: 15 });
    fc.assert(
      fc.property(minutes, more, (writes, added) => {
        const after = judge(writes.map((count, index) => count + added[index]!));
        expect(isAtLeast(after, judge(writes))).toBe(true);
      }),
    );
  });
});
