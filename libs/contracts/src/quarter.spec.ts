import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { transformSync } from '@swc/core';
import fc from 'fast-check';
import {
  Quarter,
  copenhagenDate,
  copenhagenTime,
  startOfCopenhagenDay,
  startsOfCopenhagenHour,
} from './quarter.js';

const HOUR_MS = 3_600_000;
const quarterOf = (instant: string) => Quarter.of(new Date(instant)).toString();
const hoursOf = (quarter: Quarter) => (quarter.end.getTime() - quarter.start.getTime()) / HOUR_MS;

/** Any instant from 2020 to 2035, to the millisecond; every second one lies near a quarter's border or a DST shift. */
const anyInstant = fc.oneof(
  fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2035, 11, 31) }),
  fc
    .tuple(
      fc.integer({ min: 2020, max: 2035 }),
      fc.constantFrom(
        [0, 1],
        [2, 25],
        [2, 31],
        [3, 1],
        [5, 30],
        [6, 1],
        [8, 30],
        [9, 1],
        [9, 25],
        [9, 31],
        [11, 31],
      ),
      fc.integer({ min: -26 * HOUR_MS, max: 26 * HOUR_MS }),
    )
    .map(([year, [month, day], shift]) => Date.UTC(year, month, day) + shift),
);

describe('Quarter', () => {
  it('begins Q4 at local midnight, so 21:59:59.999Z of 30 September is the last millisecond of Q3', () => {
    expect(quarterOf('2026-09-30T21:59:59.999Z')).toBe('2026-Q3');
    expect(quarterOf('2026-09-30T22:00:00.000Z')).toBe('2026-Q4');
  });

  it('puts 23:00Z of New Year’s Eve into the first quarter of the next year', () => {
    expect(quarterOf('2026-12-31T22:59:59.999Z')).toBe('2026-Q4');
    expect(quarterOf('2026-12-31T23:00:00Z')).toBe('2027-Q1');
  });

  it('decides by the instant, not by the date as written', () => {
    expect(quarterOf('2026-10-01T00:30:00+02:00')).toBe('2026-Q4');
    expect(quarterOf('2026-10-01T00:30:00+03:00')).toBe('2026-Q3');
  });

  it.each([
    ['2025-Q1', '2024-12-31T23:00:00.000Z', 2159],
    ['2026-Q1', '2025-12-31T23:00:00.000Z', 2159],
    ['2026-Q2', '2026-03-31T22:00:00.000Z', 2184],
    ['2026-Q3', '2026-06-30T22:00:00.000Z', 2208],
    ['2026-Q4', '2026-09-30T22:00:00.000Z', 2209],
    ['2027-Q1', '2026-12-31T23:00:00.000Z', 2159],
    ['2028-Q1', '2027-12-31T23:00:00.000Z', 2183],
  ])('%s starts at %s and has %i hours', (name, start, hours) => {
    const quarter = Quarter.parse(name);
    expect(quarter.start.toISOString()).toBe(start);
    expect(hoursOf(quarter)).toBe(hours);
  });

  it('counts the leap day 2028-02-29 to Q1', () => {
    expect(quarterOf('2028-02-29T12:00:00Z')).toBe('2028-Q1');
    expect(copenhagenDate(new Date('2028-02-29T12:00:00Z'))).toBe('2028-02-29');
  });

  it('tiles 2020 to 2035 without gap or overlap', () => {
    let quarter = Quarter.at(2020, 1);
    for (let steps = 0; steps < 63; steps += 1) {
      const next = quarter.next();
      expect(next.start.getTime()).toBe(quarter.end.getTime());
      expect(next.previous()).toBe(quarter);
      quarter = next;
    }
    expect(quarter.toString()).toBe('2035-Q4');
  });

  it('has every instant in exactly one quarter', () => {
    const all = Array.from({ length: 72 }, (_, index) =>
      Quarter.at(2019 + Math.floor(index / 4), 1 + (index % 4)),
    );
    fc.assert(
      fc.property(anyInstant, (ms) => {
        const instant = new Date(ms);
        const holders = all.filter((quarter) => quarter.contains(instant));
        expect(holders).toEqual([Quarter.of(instant)]);
      }),
    );
  });

  it('names its first and last local day, both inside', () => {
    const quarter = Quarter.parse('2026-Q3');
    expect([quarter.firstDay(), quarter.lastDay()]).toEqual(['2026-07-01', '2026-09-30']);
    expect(JSON.stringify({ quarter })).toBe('{"quarter":"2026-Q3"}');
  });

  it.each(['2026-Q5', '2026-Q0', '2026Q3', '26-Q3', '2026-q3', ' 2026-Q3', '2026-Q3\n', ''])(
    'refuses %j as a name',
    (name) => {
      expect(() => Quarter.parse(name)).toThrow(RangeError);
    },
  );
});

describe('Copenhagen time', () => {
  it('tells the two 02:30 of the October night apart by offset, one hour apart', () => {
    const [summer, winter] = ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'].map((text) =>
      copenhagenTime(new Date(text)),
    );
    expect(summer).toMatchObject({ day: 25, hour: 2, minute: 30, offsetMinutes: 120 });
    expect(winter).toMatchObject({ day: 25, hour: 2, minute: 30, offsetMinutes: 60 });
  });

  it('skips from 01:59 to 03:00 in the March night', () => {
    expect(copenhagenTime(new Date('2026-03-29T00:59:59.999Z'))).toMatchObject({ hour: 1, minute: 59 });
    expect(copenhagenTime(new Date('2026-03-29T01:00:00Z'))).toMatchObject({ hour: 3, offsetMinutes: 120 });
  });

  it.each([
    [2026, 3, 29, 23],
    [2026, 10, 25, 25],
    [2026, 10, 24, 24],
  ])('gives %i-%i-%i %i hours', (year, month, day, hours) => {
    const length =
      startOfCopenhagenDay(year, month, day + 1).getTime() - startOfCopenhagenDay(year, month, day).getTime();
    expect(length / HOUR_MS).toBe(hours);
  });

  it('starts the day that an instant belongs to at or before it, less than 25 hours earlier', () => {
    fc.assert(
      fc.property(anyInstant, (ms) => {
        const { year, month, day } = copenhagenTime(new Date(ms));
        const age = ms - startOfCopenhagenDay(year, month, day).getTime();
        expect(age).toBeGreaterThanOrEqual(0);
        expect(age).toBeLessThan(25 * HOUR_MS);
      }),
    );
  });

  it.each(['UTC', 'America/New_York', 'Pacific/Auckland'])(
    'gives the same answers in a process whose TZ is %s',
    (zone) => {
      const source = readFileSync(new URL('quarter.ts', import.meta.url), 'utf8');
      const { code } = transformSync(source, { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } });
      const script = `${code}
        const instants = ['2026-09-30T21:59:59.999Z', '2026-09-30T22:00:00Z', '2026-12-31T23:00:00Z', '2026-10-25T01:30:00Z'];
        const seen = instants.map((text) => [String(Quarter.of(new Date(text))), copenhagenDate(new Date(text))]);
        console.log(JSON.stringify([new Date(0).getTimezoneOffset(), seen, Quarter.parse('2026-Q4').start]));`;
      const child = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
        env: { TZ: zone },
        encoding: 'utf8',
      });
      const [offset, ...answers] = JSON.parse(child.stdout) as [number, ...unknown[]];
      // The child really lives in that zone: on 1 January 1970 New York was 5 hours behind, Auckland 12 ahead.
      expect(offset).toBe({ UTC: 0, 'America/New_York': 300, 'Pacific/Auckland': -720 }[zone]);
      expect(answers).toEqual([
        [
          ['2026-Q3', '2026-09-30'],
          ['2026-Q4', '2026-10-01'],
          ['2027-Q1', '2027-01-01'],
          ['2026-Q4', '2026-10-25'],
        ],
        '2026-09-30T22:00:00.000Z',
      ]);
    },
  );
});

describe('an hour on the wall in Copenhagen', () => {
  const startsOf = (...hour: Parameters<typeof startsOfCopenhagenHour>) =>
    startsOfCopenhagenHour(...hour).map((instant) => instant.toISOString().slice(0, 16));

  it('begins once on most days, twice or never where clocks are changed', () => {
    expect(startsOf(2026, 1, 15, 9)).toEqual(['2026-01-15T08:00']);
    expect(startsOf(2026, 7, 15, 0)).toEqual(['2026-07-14T22:00']);
    expect(startsOf(2026, 10, 25, 2)).toEqual(['2026-10-25T00:00', '2026-10-25T01:00']);
    expect(startsOf(2026, 10, 25, 3)).toEqual(['2026-10-25T02:00']);
    expect(startsOf(2026, 3, 29, 2)).toEqual([]);
    expect(startsOf(2026, 3, 29, 3)).toEqual(['2026-03-29T01:00']);
  });

  it('is the one that the wall shows, at any instant', () => {
    fc.assert(
      fc.property(anyInstant, (ms) => {
        const hourStart = Math.floor(ms / HOUR_MS) * HOUR_MS;
        const { year, month, day, hour } = copenhagenTime(new Date(hourStart));
        const starts = startsOfCopenhagenHour(year, month, day, hour).map((instant) => instant.getTime());
        expect(starts).toContain(hourStart);
      }),
    );
  });
});
