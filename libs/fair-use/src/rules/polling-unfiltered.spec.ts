import fc from 'fast-check';
import { defaultPolicy } from '../policy/default-policy.js';
import { CONTACTS } from '../signals/signals.testing.js';
import { judgePollingUnfiltered } from './polling-unfiltered.js';
import { isAtLeast, NOON, sweepsAt } from './rules.testing.js';

const row = (minutesBefore: number, unfilteredSweeps: number, route = CONTACTS) =>
  sweepsAt(minutesBefore, { unfilteredSweeps, route });
const judge = (...rows: ReturnType<typeof row>[]) => judgePollingUnfiltered(rows, defaultPolicy, NOON);

describe('POLLING_UNFILTERED', () => {
  it.each([
    [3, null],
    [4, 'info'],
    [11, 'info'],
    [12, 'warning'],
    [59, 'warning'],
    [60, 'error'],
    [299, 'error'],
    [300, 'critical'],
  ])('finds %d full fetches in an hour to be %s', (sweeps, severity) => {
    expect(judge(row(30, sweeps))?.severity ?? null).toBe(severity);
  });

  it('adds the fetches of sixty minutes, and not of the sixty-first', () => {
    expect(judge(row(0, 2), row(59, 2))?.severity).toBe('info');
    expect(judge(row(0, 2), row(60, 2))).toBeNull();
  });

  it('does not judge a route that the policy does not list', () => {
    expect(judge(row(0, 500, '/v1/{organizationId}/accounts/entry'))).toBeNull();
  });

  it('says nothing of an integration that fetched nothing', () => {
    expect(judge()).toBeNull();
  });

  it('reports the sum, the hour and each minute with a fetch', () => {
    expect(judge(row(1, 3), row(20, 9), row(30, 0))).toEqual({
      severity: 'warning',
      value: 12,
      unit: 'full fetches',
      windowStart: '2026-09-30T11:01:00.000Z',
      windowEnd: '2026-09-30T12:01:00.000Z',
      threshold: 12,
      evidence: [
        { windowStart: '2026-09-30T11:40:00.000Z', windowEnd: '2026-09-30T11:41:00.000Z', value: 9 },
        { windowStart: '2026-09-30T11:59:00.000Z', windowEnd: '2026-09-30T12:00:00.000Z', value: 3 },
      ],
    });
  });

  it('never becomes milder by more fetches, so that a running minute may be judged', () => {
    const fetches = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(fetches, fetches, (sweeps, added) => {
        const before = judge(...sweeps.map((count, index) => row(index, count)));
        const after = judge(...sweeps.map((count, index) => row(index, count + added[index]!)));
        expect(isAtLeast(after, before)).toBe(true);
      }),
    );
  });
});
