import { dayIn, daysIn, instantIn } from './time-zone.js';
import { UnusableQuery } from './usage-range.js';
import { zonedRange } from './zone-range.js';

const at = (text: string) => new Date(text);

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof UnusableQuery) return error.message;
    throw error;
  }
  return 'taken';
}

describe('an instant in a zone', () => {
  it.each([
    ['Europe/Copenhagen', '2026-10-25T00:00:00Z', '2026-10-25T02:00:00+02:00'],
    ['Europe/Copenhagen', '2026-10-25T01:00:00Z', '2026-10-25T02:00:00+01:00'],
    ['UTC', '2026-10-05T07:00:00Z', '2026-10-05T07:00:00+00:00'],
    ['Asia/Kolkata', '2026-10-05T07:00:00Z', '2026-10-05T12:30:00+05:30'],
    ['America/St_Johns', '2026-10-05T00:00:00Z', '2026-10-04T21:30:00-02:30'],
    [null, '2026-10-05T07:00:00Z', '2026-10-05T07:00:00.000Z'],
  ])('of %s is shown with the offset of that instant: %s', (zone, instant, shown) => {
    expect(instantIn(zone, at(instant))).toBe(shown);
  });
});

describe('a day of a zone', () => {
  it('begins at 01:00 where midnight is skipped, and has 23 hours', () => {
    expect(dayIn('America/Santiago', '2026-09-06')).toEqual({
      key: '2026-09-06',
      start: at('2026-09-06T04:00:00Z'),
      end: at('2026-09-07T03:00:00Z'),
    });
  });

  it('is followed by the day after tomorrow where the zone moved over the date line', () => {
    expect(() => dayIn('Pacific/Apia', '2011-12-30')).toThrow(RangeError);
    expect(dayIn('Pacific/Apia', '2011-12-29').end).toEqual(dayIn('Pacific/Apia', '2011-12-31').start);
  });

  it.each([
    'UTC',
    'America/New_York',
    'Asia/Tokyo',
    'Pacific/Kiritimati',
    'Pacific/Pago_Pago',
    'Africa/Cairo',
  ])('of %s ends where the next begins, a year through', (zone) => {
    const [start, end] = [dayIn(zone, '2026-01-01').start, dayIn(zone, '2027-01-01').start];
    const days = daysIn(zone, start, end);
    expect(days).toHaveLength(365);
    expect(days[0]!.start).toEqual(start);
    expect(days.at(-1)!.end).toEqual(end);
    for (const [index, day] of days.slice(1).entries()) expect(day.start).toEqual(days[index]!.end);
  });
});

describe('the range of a question that names a zone', () => {
  const range = (granularity: 'minute' | 'hour' | 'day' | 'quarter', timeZone: string, more: object = {}) =>
    zonedRange(
      granularity,
      { from: '2026-10-05', to: '2026-10-07', timeZone, ...more },
      at('2026-10-05T08:00:00Z'),
    );

  it('is of days of that zone, given as dates or as their first instants', () => {
    const found = range('day', 'America/New_York');
    expect(found.range).toEqual({
      start: at('2026-10-05T04:00:00Z'),
      end: at('2026-10-07T04:00:00Z'),
      fromKey: '2026-10-05',
      toKey: '2026-10-07',
    });
    expect(
      range('day', 'America/New_York', { from: '2026-10-05T00:00:00-04:00', to: '2026-10-07T04:00:00Z' }),
    ).toEqual(found);
  });

  it.each<[string, 'minute' | 'hour' | 'day' | 'quarter', string, object, RegExp]>([
    ['an unknown zone', 'day', 'Mars/Olympus', {}, /^timeZone: is not a zone/],
    ['half an hour', 'day', 'Asia/Kolkata', {}, /^timeZone: has an offset that is not of whole hours/],
    [
      'half an hour in winter',
      'day',
      'Australia/Lord_Howe',
      { from: '2026-10-01' },
      /^timeZone: has an offset/,
    ],
    ['minutes', 'minute', 'UTC', {}, /^timeZone: is for hours and days/],
    ['quarters', 'quarter', 'UTC', {}, /^timeZone: is for hours and days/],
    [
      'a quarter',
      'day',
      'UTC',
      { from: undefined, to: undefined, quarter: '2026-Q3' },
      /^quarter: .*from and to/,
    ],
    ['no range', 'day', 'UTC', { from: undefined, to: undefined }, /^from: is missing/],
    [
      'midnight of another zone',
      'day',
      'UTC',
      { from: '2026-10-04T22:00:00Z' },
      /^from: must be where a day begins in UTC/,
    ],
    ['more than 93 days', 'day', 'UTC', { from: '2026-07-01' }, /^to: by hour at most 93 days/],
    ['an empty range', 'day', 'UTC', { from: '2026-10-07' }, /^to: must lie after from/],
  ])('is refused for %s', (_, granularity, zone, more, message) => {
    expect(refusal(() => range(granularity, zone, more))).toMatch(message);
  });
});
