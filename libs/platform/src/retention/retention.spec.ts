import { datesAhead, identitiesKeptFrom, tableKeptFrom } from './retention.js';

describe('what is kept', () => {
  const now = new Date('2026-11-25T08:00:00Z');
  const from = (...waiting: Parameters<typeof identitiesKeptFrom>[1]) =>
    identitiesKeptFrom(now, waiting).toISOString();

  it('holds identities of calls that a record may have which lay unread for all of its 14 days', () => {
    expect(from()).toBe('2026-11-04T08:00:00.000Z');
    expect(from('nothing', null)).toBe('2026-11-04T08:00:00.000Z');
  });

  it('holds more of them only while a record waits longer than that', () => {
    expect(from('nothing', new Date('2026-11-20T00:00:00Z'))).toBe('2026-11-04T08:00:00.000Z');
    expect(from(new Date('2026-11-01T00:00:00Z'), null)).toBe('2026-10-25T00:00:00.000Z');
  });

  it('is counted back from now in days of 24 hours', () => {
    expect(tableKeptFrom(now, { table: 't', keptDays: 92, ensureSql: '' }).toISOString()).toBe(
      '2026-08-25T08:00:00.000Z',
    );
  });

  it('has next month ahead in the end, also in February, and never leaves a month out', () => {
    const monthsAhead = (date: string) =>
      datesAhead(new Date(`${date}T08:00:00Z`)).map((day) => day.slice(5, 7));
    expect(monthsAhead('2027-01-31')).toEqual(['01', '02']);
    expect(monthsAhead('2027-02-01')).toEqual(['02', '03']);
    expect(monthsAhead('2026-12-04')).toEqual(['12', '01']);
    expect(monthsAhead('2026-12-01')).toEqual(['12', '12']);
  });
});
