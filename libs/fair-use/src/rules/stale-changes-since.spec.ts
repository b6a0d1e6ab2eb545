import fc from 'fast-check';
import type { ApiCall } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { signalsOf } from '../signals/signals.js';
import { emptyRow } from '../signals/tables.js';
import { callAt, CONTACTS } from '../signals/signals.testing.js';
import { isAtLeast, NOON_HOUR, times } from './rules.testing.js';
import { judgeStaleChangesSince } from './stale-changes-since.js';

const WEEK = 7 * 86_400;
const judge = (sweeps: readonly number[], route = CONTACTS) =>
  judgeStaleChangesSince(
    sweeps.map((staleSweeps, index) => {
      const minute = NOON_HOUR - (sweeps.length - 1 - index) * 60;
      const key = { integrationId: 'isv_eksempel', agreementId: '148383', minute, route };
      return { ...emptyRow('routeHours', key), staleSweeps };
    }),
    defaultPolicy,
    NOON_HOUR,
  );
/** What is found in ten calls like this. */
const ofTen = (query: ApiCall['query'], data: Partial<ApiCall> = {}) => {
  const calls = times(10, { query, ...data }).map((each) => callAt('2026-09-30T12:00:10.000Z', each));
  const { routeHours } = signalsOf(calls, defaultPolicy);
  return judgeStaleChangesSince([...routeHours.values()], defaultPolicy, NOON_HOUR)?.severity ?? null;
};
const since = (changesSinceAgeSec: number | null, page = 0) => {
  return { page, hasChangesSince: true, changesSinceAgeSec };
};

describe('STALE_CHANGES_SINCE', () => {
  it.each([
    [9, null],
    [10, 'info'],
    [10_000, 'info'],
  ])('finds %d fetches of old changes in 24 hours to be %s', (sweeps, severity) => {
    expect(judge([sweeps])?.severity ?? null).toBe(severity);
  });

  it('takes a week for young and a second more for old', () => {
    expect(ofTen(since(WEEK))).toBeNull();
    expect(ofTen(since(WEEK + 1))).toBe('info');
  });

  it('assumes nothing where the age is not told, and nothing of a fetch that asks for no changes', () => {
    expect(ofTen(since(null))).toBeNull();
    expect(ofTen({ page: 0, hasChangesSince: true })).toBeNull();
    expect(ofTen({ page: 0, changesSinceAgeSec: WEEK + 1 })).toBeNull();
    expect(ofTen(null)).toBeNull();
  });

  it('counts the first page only, of what was delivered, of lists that it knows', () => {
    expect(ofTen(since(WEEK + 1, 1))).toBeNull();
    expect(ofTen(since(WEEK + 1), { status: 400 })).toBeNull();
    expect(ofTen(since(WEEK + 1), { status: 304 })).toBeNull();
    expect(ofTen(since(WEEK + 1), { route: '/v1/{organizationId}/accounts/entry' })).toBeNull();
    expect(judge([10_000], '/v1/{organizationId}/accounts/entry')).toBeNull();
  });

  it('keeps two lists apart', () => {
    const calls = [CONTACTS, '/v1/{organizationId}/invoices'].flatMap((route) =>
      times(9, { route, query: since(WEEK + 1) }).map((data) => callAt('2026-09-30T12:00:10.000Z', data)),
    );
    const rows = [...signalsOf(calls, defaultPolicy).routeHours.values()];
    expect(rows.map((row) => row.staleSweeps)).toEqual([9, 9]);
  });

  it('adds 24 hours and not the twenty-fifth', () => {
    expect(judge([5, ...times(22, 0), 5])?.value).toBe(10);
    expect(judge([5, ...times(23, 0), 5])).toBeNull();
  });

  it('says nothing of an integration that fetched nothing', () => {
    expect(judge([])).toBeNull();
  });

  it('reports the sum and each hour with such a fetch', () => {
    expect(judge([6, 0, 5])).toEqual({
      severity: 'info',
      value: 11,
      unit: 'fetches of old changes',
      windowStart: '2026-09-29T13:00:00.000Z',
      windowEnd: '2026-09-30T13:00:00.000Z',
      threshold: 10,
      evidence: [
        { windowStart: '2026-09-30T10:00:00.000Z', windowEnd: '2026-09-30T11:00:00.000Z', value: 6 },
        { windowStart: '2026-09-30T12:00:00.000Z', windowEnd: '2026-09-30T13:00:00.000Z', value: 5 },
      ],
    });
  });

  it('never becomes milder by more fetches, so that a running hour may be judged', () => {
    const hours = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 24, maxLength: 24 });
    fc.assert(
      fc.property(hours, hours, (sweeps, added) => {
        const after = judge(sweeps.map((count, hour) => count + added[hour]!));
        expect(isAtLeast(after, judge(sweeps))).toBe(true);
      }),
    );
  });
});
