import fc from 'fast-check';
import { defaultPolicy } from '../policy/default-policy.js';
import { judgeRateMinute } from './rate-minute.js';
import { isAtLeast, minutesOf, NOON, times } from './rules.testing.js';

const rowsOf = (calls: readonly number[]) => minutesOf(calls.map((count) => ({ calls: count })));
const judge = (calls: readonly number[]) => judgeRateMinute(rowsOf(calls), defaultPolicy, NOON);

describe('RATE_MINUTE', () => {
  it.each([
    [49, null],
    [50, 'info'],
    [69, 'info'],
    [70, 'warning'],
    [89, 'warning'],
    [90, 'error'],
  ])('finds %d calls a minute in five of fifteen minutes to be %s', (calls, severity) => {
    expect(judge(times(5, calls))?.severity ?? null).toBe(severity);
  });

  it.each([
    [99, 'error'],
    [100, 'critical'],
    [101, 'critical'],
  ])('finds %d calls a minute in ten of fifteen minutes to be %s', (calls, severity) => {
    expect(judge(times(10, calls))?.severity).toBe(severity);
  });

  it('is not critical when 100 was reached in nine minutes only', () => {
    expect(judge([...times(9, 500), ...times(6, 99)])?.severity).toBe('error');
  });

  it('forgives four busy minutes, whatever was in them', () => {
    expect(judge([...times(4, 5000), ...times(11, 49)])).toBeNull();
  });

  it('counts busy minutes that do not follow each other', () => {
    expect(judge([70, 0, 0, 70, 0, 70, 0, 0, 70, 0, 0, 0, 0, 0, 70])?.severity).toBe('warning');
  });

  it('forgets a minute when it is more than fifteen minutes old', () => {
    expect(judge([...times(5, 90), ...times(10, 0)])?.severity).toBe('error');
    expect(judge([...times(5, 90), ...times(11, 0)])).toBeNull();
  });

  it('does not look at minutes after the one judged', () => {
    expect(judgeRateMinute(rowsOf(times(5, 90)), defaultPolicy, NOON - 1)).toBeNull();
  });

  it('says nothing of an integration without calls', () => {
    expect(judge([])).toBeNull();
  });

  it('reports the rate that was held in k minutes, the window and the minutes that carry it', () => {
    const verdict = judge([300, 71, 72, 73, 74, 40])!;
    expect(verdict).toMatchObject({
      severity: 'warning',
      value: 71,
      threshold: 70,
      windowStart: '2026-09-30T11:46:00.000Z',
      windowEnd: '2026-09-30T12:01:00.000Z',
    });
    expect(verdict.evidence.map((line) => line.value)).toEqual([300, 71, 72, 73, 74]);
    expect(verdict.evidence[0]).toEqual({
      windowStart: '2026-09-30T11:55:00.000Z',
      windowEnd: '2026-09-30T11:56:00.000Z',
      value: 300,
    });
  });

  it('never becomes milder by more calls, so that a running minute may be judged', () => {
    const busyMinutes = fc.array(fc.integer({ min: 0, max: 130 }), { minLength: 15, maxLength: 15 });
    const more = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 15, maxLength: 15 });
    fc.assert(
      fc.property(busyMinutes, more, (calls, added) => {
        const after = judge(calls.map((count, index) => count + added[index]!));
        expect(isAtLeast(after, judge(calls))).toBe(true);
      }),
    );
  });

  it('always shows a value at or above the threshold that it names', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 130 }), { maxLength: 20 }), (calls) => {
        const verdict = judge(calls);
        if (verdict) expect(verdict.value).toBeGreaterThanOrEqual(verdict.threshold);
      }),
    );
  });
});
