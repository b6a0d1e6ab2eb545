import { MEASURES, type Measures } from '../counters/usage-sums.js';
import { changePerMille, differences, rangeBefore } from './summary-comparison.js';
import { usageRange } from './usage-range.js';

const NOW = new Date('2026-10-05T08:00:00Z');
const before = (asked: Parameters<typeof usageRange>[1]) => rangeBefore(usageRange('day', asked, NOW));
const measures = (some: Partial<Measures>): Measures => ({
  ...(Object.fromEntries(MEASURES.map((name) => [name, 0])) as unknown as Measures),
  ...some,
});

describe('the period before', () => {
  it('of a quarter is the quarter before, whether it is named, meant or given by its days', () => {
    const third = usageRange('day', { quarter: '2026-Q3' }, NOW);
    expect(before({ quarter: '2026-Q4' })).toEqual(third);
    expect(before({})).toEqual(third);
    expect(before({ from: '2026-10-01', to: '2027-01-01' })).toEqual(third);
    expect(before({ quarter: '2026-Q1' })).toEqual(usageRange('day', { quarter: '2025-Q4' }, NOW));
  });

  it('of days is as many days, also over a night when the clock is moved and over a leap day', () => {
    expect(before({ from: '2026-10-26', to: '2026-10-27' })).toEqual(
      usageRange('day', { from: '2026-10-25', to: '2026-10-26' }, NOW),
    );
    expect(before({ from: '2026-10-01', to: '2026-11-01' })).toMatchObject({
      fromKey: '2026-08-31',
      toKey: '2026-10-01',
    });
    expect(before({ from: '2028-03-01', to: '2028-03-02' })).toMatchObject({ fromKey: '2028-02-29' });
  });
});

describe('the change since', () => {
  it('is in thousandths, rounded half up on magnitudes, and null where nothing was before', () => {
    const [now, then] = [
      measures({ calls: 2_001, calls429: 1, sms: 5, durationMs: 1_999 }),
      measures({ calls: 2_000, sms: 10, durationMs: 2_000 }),
    ];
    expect(differences(now, then)).toEqual(measures({ calls: 1, calls429: 1, sms: -5, durationMs: -1 }));
    expect(changePerMille(now, then)).toMatchObject({
      calls: 1,
      calls429: null,
      sms: -500,
      durationMs: -1,
      smsTest: null,
    });
  });
});
