import fc from 'fast-check';
import { defaultPolicy } from '../policy/default-policy.js';
import { judgeSmsRepeat } from './sms-repeat.js';
import { isAtLeast, NOON, smsMinute } from './rules.testing.js';

const row = (minutesBefore: number, sendings: Record<string, number>) =>
  smsMinute(minutesBefore, { sms: 500, sendings });
const judge = (...rows: ReturnType<typeof row>[]) => judgeSmsRepeat(rows, defaultPolicy, NOON);

describe('SMS_REPEAT', () => {
  it.each([
    [1, null],
    [2, null],
    [3, 'warning'],
    [9, 'warning'],
    [10, 'error'],
    [100_000, 'error'],
  ])('finds the same voucher sent to the same recipient %d times to be %s', (times, severity) => {
    expect(judge(row(0, { same: times }))?.severity ?? null).toBe(severity);
  });

  it('adds up ten minutes, and not the eleventh', () => {
    expect(judge(row(0, { same: 1 }), row(4, { same: 1 }), row(9, { same: 1 }))?.severity).toBe('warning');
    expect(judge(row(0, { same: 1 }), row(4, { same: 1 }), row(10, { same: 1 }))).toBeNull();
  });

  it('does not add different ones', () => {
    const different = Object.fromEntries(Array.from({ length: 128 }, (_, index) => [`sending ${index}`, 2]));
    expect(judge(row(0, different))).toBeNull();
  });

  it('says nothing of SMS that name no voucher, nor where nothing was sent', () => {
    expect(judge(row(0, {}), row(1, {}))).toBeNull();
    expect(judge()).toBeNull();
  });

  it('reports the one that was sent most often, and the minutes in which it was', () => {
    const rows = [
      row(2, { often: 2, seldom: 1 }),
      row(3, { seldom: 3 }),
      row(5, { often: 4 }),
      row(6, { other: 5 }),
    ];
    const found = {
      severity: 'warning',
      value: 6,
      unit: 'times the same SMS',
      windowStart: '2026-09-30T11:51:00.000Z',
      windowEnd: '2026-09-30T12:01:00.000Z',
      threshold: 3,
      evidence: [
        { windowStart: '2026-09-30T11:55:00.000Z', windowEnd: '2026-09-30T11:56:00.000Z', value: 4 },
        { windowStart: '2026-09-30T11:58:00.000Z', windowEnd: '2026-09-30T11:59:00.000Z', value: 2 },
      ],
    };
    expect(judge(...rows)).toEqual(found);
    expect(judge(...rows.toReversed())).toEqual(found);
  });

  it('never becomes milder by more SMS, so that a running minute may be judged', () => {
    const sendings = fc.record({ a: fc.nat(2), b: fc.nat(2), c: fc.nat(1) });
    const minutes = fc.array(sendings, { minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(minutes, minutes, (sent, added) => {
        const more = sent.map((counts, index) => ({
          a: counts.a + added[index]!.a,
          b: counts.b + added[index]!.b,
          c: counts.c + added[index]!.c,
        }));
        const judgeAll = (all: typeof sent) => judge(...all.map((counts, index) => row(index, counts)));
        expect(isAtLeast(judgeAll(more), judgeAll(sent))).toBe(true);
      }),
    );
  });
});
