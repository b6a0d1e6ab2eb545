import { UnusableQuery, usageRange, type AskedRange } from './usage-range.js';
import type { Granularity } from '../counters/window.js';

const NOW = new Date('2026-10-05T08:00:00Z');

function refusal(granularity: Granularity, asked: AskedRange): string {
  try {
    usageRange(granularity, asked, NOW);
  } catch (error) {
    if (error instanceof UnusableQuery) return error.message;
    throw error;
  }
  return 'taken';
}

describe('the range of a usage question', () => {
  it('reads dates as days of Copenhagen, half-open', () => {
    expect(usageRange('day', { from: '2026-10-24', to: '2026-10-26' }, NOW)).toEqual({
      start: new Date('2026-10-23T22:00:00Z'),
      end: new Date('2026-10-25T23:00:00Z'),
      fromKey: '2026-10-24',
      toKey: '2026-10-26',
    });
  });

  it('is the same whether a quarter is named or its edges are given with any offset', () => {
    const named = usageRange('quarter', { quarter: '2026-Q3' }, NOW);
    expect(named).toMatchObject({ fromKey: '2026-Q3', toKey: '2026-Q4' });
    expect(
      usageRange('quarter', { from: '2026-07-01T00:00:00+02:00', to: '2026-09-30T22:00:00Z' }, NOW),
    ).toEqual(named);
  });

  it('is the current quarter by day when nothing is asked for, and is asked for by minute', () => {
    expect(usageRange('day', {}, NOW)).toMatchObject({ fromKey: '2026-10-01', toKey: '2027-01-01' });
    expect(refusal('minute', {})).toMatch(/^from: is missing/);
  });

  it('may be a whole quarter by hour, 31 days by minute, and no more', () => {
    expect(refusal('hour', { quarter: '2026-Q4' })).toBe('taken');
    expect(refusal('minute', { from: '2026-10-01T00:00:00Z', to: '2026-11-01T00:00:00Z' })).toBe('taken');
    expect(refusal('minute', { from: '2026-10-01T00:00:00Z', to: '2026-11-01T00:01:00Z' })).toMatch(
      /^to: by minute at most 31 days/,
    );
    expect(refusal('minute', { quarter: '2026-Q3' })).toMatch(/^quarter: by minute at most 31 days/);
  });

  it.each<[Granularity, AskedRange, RegExp]>([
    [
      'day',
      { from: '2026-10-05T00:00:00Z', to: '2026-10-07' },
      /^from: must be where a day begins.*2026-10-04T22:00:00/,
    ],
    [
      'minute',
      { from: '2026-10-05T07:00:30Z', to: '2026-10-05T08:00:00Z' },
      /^from: must be where a minute begins/,
    ],
    ['quarter', { from: '2026-07-01', to: '2026-08-01' }, /^to: must be where a quarter begins/],
    ['day', { from: '2026-10-05', to: '2026-10-05' }, /^to: must lie after from/],
    ['day', { from: '2026-10-06', to: '2026-10-05' }, /^to: must lie after from/],
    ['day', { from: '2026-10-05' }, /^to: is missing/],
    ['day', { to: '2026-10-05' }, /^from: is missing/],
    ['day', { quarter: '2026-Q3', from: '2026-10-05' }, /^quarter: cannot stand beside/],
    ['day', { quarter: '2026-Q5' }, /^quarter: is not a quarter/],
    ['day', { quarter: '2099-Q4' }, /^quarter: is not a quarter/],
    ['day', { from: '2026-02-30', to: '2026-03-05' }, /^from: is not a day of the calendar/],
    ['hour', { from: '2026-10-05', to: '2026-10-06' }, /^from: is not an instant/],
    ['hour', { from: '2026-10-05T07:00:00 02:00', to: '2026-10-06' }, /^from: is not an instant.*%2B/],
    ['hour', { from: '1999-10-05T07:00:00Z', to: '2026-10-06T00:00:00Z' }, /^from: must lie between/],
    ['day', { from: '0001-01-01', to: '2026-10-06' }, /^from: /],
  ])('by %s is refused for %j', (granularity, asked, message) => {
    expect(refusal(granularity, asked)).toMatch(message);
  });
});
