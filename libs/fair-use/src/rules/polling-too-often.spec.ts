import fc from 'fast-check';
import { defaultPolicy } from '../policy/default-policy.js';
import { judgePollingTooOften } from './polling-too-often.js';
import { isAtLeast, NOON, sweepsAt } from './rules.testing.js';

const row = (minutesBefore: number, changesSinceSweeps: number) =>
  sweepsAt(minutesBefore, { changesSinceSweeps });
const judge = (...rows: ReturnType<typeof row>[]) => judgePollingTooOften(rows, defaultPolicy, NOON);

describe('POLLING_TOO_OFTEN', () => {
  it.each([
    [29, null],
    [30, 'info'],
    [59, 'info'],
    [60, 'warning'],
    [239, 'warning'],
    [240, 'error'],
    [100_000, 'error'],
  ])('finds %d fetches of changes in an hour to be %s', (sweeps, severity) => {
    expect(judge(row(30, sweeps))?.severity ?? null).toBe(severity);
  });

  it('adds the fetches of sixty minutes, and not of the sixty-first', () => {
    expect(judge(row(0, 15), row(59, 15))?.severity).toBe('info');
    expect(judge(row(0, 15), row(60, 15))).toBeNull();
  });

  it('does not count full fetches', () => {
    expect(judge(sweepsAt(0, { unfilteredSweeps: 500, changesSinceSweeps: 29 }))).toBeNull();
  });

  it('does not judge a route that the policy does not list', () => {
    const route = '/v1/{organizationId}/accounts/entry';
    expect(judge(sweepsAt(0, { changesSinceSweeps: 500, route }))).toBeNull();
  });

  it('says nothing of an integration that fetched nothing', () => {
    expect(judge()).toBeNull();
  });

  it('reports the sum, the hour and each minute with a fetch', () => {
    expect(judge(row(1, 10), row(20, 21), row(30, 0))).toEqual({
      severity: 'info',
      value: 31,
      unit: 'fetches of changes',
      windowStart: '2026-09-30T11:01:00.000Z',
      windowEnd: '2026-09-30T12:01:00.000Z',
      threshold: 30,
      evidence: [
        { windowStart: '2026-09-30T11:40:00.000Z', windowEnd: '2026-09-30T11:41:00.000Z', value: 21 },
        { windowStart: '2026-09-30T11:59:00.000Z', windowEnd: '2026-09-30T12:00:00.000Z', value: 10 },
      ],
    });
  });

  it('never becomes milder by more fetches, so that a running minute may be judged', () => {
    const fetches = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(fetches, fetches, (sweeps, added) => {
        const before = judge(...sweeps.map((count, index) => row(index, count)));
        const after = judge(...sweeps.map((count, index) => row(index, count + added[index]!)));
        expect(isAtLeast(after, before)).toBe(true);
      }),
    );
  });
});
