import { defaultPolicy } from '../policy/default-policy.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { judgeErrorRatio } from './error-ratio.js';
import { minutesOf, NOON, times } from './rules.testing.js';

const judge = (...measures: Parameters<typeof minutesOf>[0]) =>
  judgeErrorRatio(minutesOf(measures), defaultPolicy, NOON);
/** What is found in 100 calls of one minute, of which some had this answer. */
const ofHundred = (count: number, answer: Parameters<typeof callAt>[1]) => {
  const calls = [...times(count, answer), ...times(100 - count, {})].map((data) =>
    callAt('2026-09-30T12:00:10.000Z', data),
  );
  return judgeErrorRatio([...signalsOf(calls, defaultPolicy).pairs.values()], defaultPolicy, NOON);
};

describe('ERROR_RATIO_4XX', () => {
  it.each([
    [4, null],
    [5, 'info'],
    [14, 'info'],
    [15, 'warning'],
    [34, 'warning'],
    [35, 'error'],
    [69, 'error'],
    [70, 'critical'],
    [100, 'critical'],
  ])('finds %d refused of 100 calls to be %s', (refused, severity) => {
    expect(judge({ calls: 100, clientErrors: refused })?.severity ?? null).toBe(severity);
  });

  it('is a warning for 15 times 404 in 100 calls, and nothing for 100 times 500 (case 32)', () => {
    expect(ofHundred(15, { status: 404 })?.severity).toBe('warning');
    expect(ofHundred(100, { status: 500 })).toBeNull();
  });

  it('says nothing of fewer than 100 calls, though all are refused (case 32)', () => {
    expect(judge({ calls: 3, clientErrors: 3 })).toBeNull();
    expect(judge({ calls: 99, clientErrors: 99 })).toBeNull();
  });

  it('leaves out what is no fault of the call: pace, a customer without the plan, our own restriction', () => {
    expect(ofHundred(90, { status: 429 })).toBeNull();
    expect(ofHundred(100, { status: 403, errorCode: 48 })).toBeNull();
    expect(ofHundred(90, { status: 403, enforced: 'block' })).toBeNull();
    expect(ofHundred(90, { status: 403 })?.severity).toBe('critical');
  });

  it('says nothing of an integration without calls, or without a refused one', () => {
    expect(judge()).toBeNull();
    expect(judge({ calls: 5000 })).toBeNull();
  });

  it('adds fifteen minutes, and not the sixteenth', () => {
    const minutes = [{ calls: 50, clientErrors: 50 }, ...times(13, {}), { calls: 50 }];
    expect(judge(...minutes)?.value).toBe(50);
    expect(judge(...minutes, { calls: 50 })).toBeNull();
  });

  it('becomes milder by calls that succeed, which is why it waits for closed minutes', () => {
    expect(judge({ calls: 100, clientErrors: 15 })?.severity).toBe('warning');
    expect(judge({ calls: 101, clientErrors: 15 })?.severity).toBe('info');
  });

  it('reports the share, cut and never rounded up, and the minutes that had refused calls', () => {
    expect(judge({ calls: 100, clientErrors: 40 }, { calls: 60 }, { calls: 40, clientErrors: 1 })).toEqual({
      severity: 'warning',
      value: 20.5,
      unit: 'percent of calls',
      windowStart: '2026-09-30T11:46:00.000Z',
      windowEnd: '2026-09-30T12:01:00.000Z',
      threshold: 15,
      evidence: [
        { windowStart: '2026-09-30T11:58:00.000Z', windowEnd: '2026-09-30T11:59:00.000Z', value: 40 },
        { windowStart: '2026-09-30T12:00:00.000Z', windowEnd: '2026-09-30T12:01:00.000Z', value: 2 },
      ],
    });
    expect(judge({ calls: 1001, clientErrors: 350 })).toMatchObject({ severity: 'warning', value: 34.9 });
  });
});
