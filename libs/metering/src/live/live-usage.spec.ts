import { countedSince, sumOf, type LiveRow } from './live-usage.js';

const row = (minute: string, integrationId: string, calls: number, errors = 0, sms = 0): LiveRow => ({
  windowStart: new Date(`2026-10-05T07:${minute}:00Z`),
  integrationId,
  calls,
  errors,
  sms,
});

describe('what was counted between two looks', () => {
  it('is the growth of each minute, also of one that is over, summed by integration', () => {
    const before = [row('58', 'isv_a', 5, 1), row('59', 'isv_a', 2), row('59', 'isv_b', 9)];
    const after = [
      row('58', 'isv_a', 6, 2),
      row('59', 'isv_a', 4),
      row('59', 'isv_b', 9),
      row('59', 'isv_c', 0, 0, 3),
    ];
    const counted = countedSince(before, after);
    expect(Object.fromEntries(counted)).toEqual({
      isv_a: { calls: 3, errors: 1, sms: 0 },
      isv_c: { calls: 0, errors: 0, sms: 3 },
    });
    expect(sumOf(counted.values())).toEqual({ calls: 3, errors: 1, sms: 3 });
  });

  it('is never negative when a minute leaves the stretch that is looked at', () => {
    expect(countedSince([row('54', 'isv_a', 7), row('55', 'isv_a', 1)], [row('55', 'isv_a', 1)]).size).toBe(
      0,
    );
  });
});
