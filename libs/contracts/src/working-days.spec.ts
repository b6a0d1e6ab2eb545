import { endOfWorkingDay, isDanishBankHoliday } from './working-days.js';

/** All days of a year on which banks are closed, as month-day. */
function holidaysOf(year: number): string[] {
  const days: string[] = [];
  for (let at = Date.UTC(year, 0, 1); at < Date.UTC(year + 1, 0, 1); at += 86_400_000) {
    const day = new Date(at);
    if (isDanishBankHoliday(year, day.getUTCMonth() + 1, day.getUTCDate()))
      days.push(day.toISOString().slice(5, 10));
  }
  return days;
}

describe('the days on which Danish banks are closed', () => {
  it('are those of the published calendars of 2025, 2026 and 2027, without Store bededag', () => {
    expect(holidaysOf(2025).join(' ')).toBe(
      '01-01 04-17 04-18 04-21 05-29 05-30 06-05 06-09 12-24 12-25 12-26 12-31',
    );
    expect(holidaysOf(2026).join(' ')).toBe(
      '01-01 04-02 04-03 04-06 05-14 05-15 05-25 06-05 12-24 12-25 12-26 12-31',
    );
    expect(holidaysOf(2027).join(' ')).toBe(
      '01-01 03-25 03-26 03-29 05-06 05-07 05-17 06-05 12-24 12-25 12-26 12-31',
    );
  });

  it('hang on an Easter that is right in its earliest and latest years, and where the moon is corrected', () => {
    // Easter Monday of 2038 (25 April, the latest), 2035, 2049, 2285 (22 March, the earliest), 2076, 2100.
    for (const [year, month, day] of [
      [2038, 4, 26],
      [2035, 3, 26],
      [2049, 4, 19],
      [2285, 3, 23],
      [2076, 4, 20],
      [2100, 3, 29],
    ] as const) {
      expect([year, isDanishBankHoliday(year, month, day)]).toEqual([year, true]);
    }
  });
});

describe('the end of a working day', () => {
  it.each([
    ['two days on, in the week', '2026-10-05T08:00:00Z', 2, '2026-10-07T22:00:00.000Z'],
    ['over a weekend', '2026-10-02T08:00:00Z', 2, '2026-10-06T22:00:00.000Z'],
    ['asked for on a Sunday', '2026-10-04T08:00:00Z', 1, '2026-10-05T22:00:00.000Z'],
    ['over Easter', '2026-04-01T08:00:00Z', 2, '2026-04-08T22:00:00.000Z'],
    ['over Ascension and the weekend behind it', '2026-05-13T08:00:00Z', 1, '2026-05-18T22:00:00.000Z'],
    ['over Christmas and New Year', '2026-12-23T08:00:00Z', 5, '2027-01-05T23:00:00.000Z'],
    ['over the night in which summer time ends', '2026-10-23T08:00:00Z', 1, '2026-10-26T23:00:00.000Z'],
    [
      'on the local day of an instant late in the UTC evening',
      '2026-10-05T22:30:00Z',
      1,
      '2026-10-07T22:00:00.000Z',
    ],
  ])('is, %s, after %s and %i days, %s', (_, instant, days, expected) => {
    expect(endOfWorkingDay(new Date(instant), days).toISOString()).toBe(expected);
  });
});
