import { NOTHING_AROUND } from './around.js';
import fc from 'fast-check';
import type { ApiCall } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { emptyRow } from '../signals/tables.js';
import { judgeAuthFailures } from './auth-failures.js';
import { NOON, rankOf, times } from './rules.testing.js';

/** So many refusals of an agreement, so many minutes before noon. */
const refused = (agreementId: string, authFailures: number, minutesBefore = 0) => ({
  ...emptyRow('pairs', { integrationId: 'isv_eksempel', agreementId, minute: NOON - minutesBefore }),
  calls: authFailures + 5,
  authFailures,
});
const judge = (rows: ReturnType<typeof refused>[], activeAgreements = 3) =>
  judgeAuthFailures(rows, defaultPolicy, NOON, { ...NOTHING_AROUND, activeAgreements });
/** What is found in thirty calls like this. */
const ofThirty = (data: Partial<ApiCall>) => {
  const calls = times(30, data).map((each) => callAt('2026-09-30T12:00:10.000Z', each));
  return judge([...signalsOf(calls, defaultPolicy).pairs.values()])?.severity ?? null;
};

describe('AUTH_FAILURES', () => {
  it.each([
    [25, null],
    [26, 'info'],
    [75, 'info'],
    [76, 'warning'],
    [200, 'warning'],
    [201, 'error'],
    [1000, 'error'],
    [1001, 'critical'],
  ])(
    'finds %d refusals on one agreement in an hour to be %s, as the first is left out',
    (count, severity) => {
      expect(judge([refused('148383', count)])?.severity ?? null).toBe(severity);
    },
  );

  it('leaves out the first of each agreement, however many customers have withdrawn consent', () => {
    const each = (count: number) => Array.from({ length: 25 }, (_, index) => refused(`a${index}`, count));
    expect(judge(each(1))).toBeNull();
    expect(judge(each(2))).toMatchObject({ severity: 'info', value: 25 });
  });

  it('leaves out one of an agreement in the hour, not one in each minute', () => {
    expect(judge([refused('148383', 13, 30), refused('148383', 13)])?.value).toBe(25);
    expect(judge([refused('148383', 13, 60), refused('148383', 13)])).toBeNull();
  });

  it.each([
    [10, 25, 'info'],
    [11, 27, null],
    [11, 28, 'info'],
    [100, 249, null],
    [100, 250, 'info'],
    [100, 750, 'warning'],
  ])('with %d active agreements finds %d refusals to be %s', (active, counted, severity) => {
    expect(judge([refused('148383', counted + 1)], active)?.severity ?? null).toBe(severity);
  });

  it('counts 401 and 403, and no other answer', () => {
    expect(ofThirty({ status: 401 })).toBe('info');
    expect(ofThirty({ status: 403 })).toBe('info');
    for (const status of [200, 400, 404, 429]) expect(ofThirty({ status })).toBeNull();
  });

  it('leaves out a customer without the plan, a missing scope and our own restriction', () => {
    expect(ofThirty({ status: 403, errorCode: 48 })).toBeNull();
    expect(ofThirty({ status: 403, errorReason: 'missing_scope' })).toBeNull();
    expect(ofThirty({ status: 403, enforced: 'block' })).toBeNull();
    expect(ofThirty({ status: 401, errorReason: 'missing_scope' })).toBe('info');
  });

  it('says nothing of an integration without calls, or without a refused one', () => {
    expect(judge([])).toBeNull();
    expect(judge(times(60, refused('148383', 0)))).toBeNull();
  });

  it('reports what counts, the limit for the agreements that are active, and all refusals of each minute', () => {
    expect(
      judge([refused('a', 20, 5), refused('b', 15, 5), refused('a', 20), refused('a', 9, 61)], 20),
    ).toEqual({
      severity: 'info',
      value: 53,
      unit: 'refused calls',
      windowStart: '2026-09-30T11:01:00.000Z',
      windowEnd: '2026-09-30T12:01:00.000Z',
      threshold: 50,
      evidence: [
        { windowStart: '2026-09-30T11:55:00.000Z', windowEnd: '2026-09-30T11:56:00.000Z', value: 35 },
        { windowStart: '2026-09-30T12:00:00.000Z', windowEnd: '2026-09-30T12:01:00.000Z', value: 20 },
      ],
    });
  });

  it('never becomes worse by more active agreements', () => {
    const counts = fc.tuple(fc.nat({ max: 3000 }), fc.nat({ max: 500 }), fc.nat({ max: 500 }));
    fc.assert(
      fc.property(counts, ([count, active, more]) => {
        const rows = [refused('148383', count)];
        expect(rankOf(judge(rows, active + more))).toBeLessThanOrEqual(rankOf(judge(rows, active)));
      }),
    );
  });
});
