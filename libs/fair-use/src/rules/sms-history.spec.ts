import { defaultPolicy } from '../policy/default-policy.js';
import { onePolicy } from '../policy/policies.js';
import { endOfGrain, minuteOf, minuteStart } from '../signals/minute.js';
import { LAST_OF_HOUR, NOON, smsHour } from './rules.testing.js';
import { comparedHours, hoursToCompare } from './sms-history.js';

const hourOf = (instant: string) => endOfGrain(minuteOf(instant), 60);
const startsOf = (hours: readonly number[]) => hours.map((minute) => minuteStart(minute - 59).slice(0, 16));
const sameHour = (instant: string) => comparedHours(hourOf(instant)).sameHour.map(startsOf);
const sameDays = (instant: string) => [
  ...new Set(startsOf(comparedHours(hourOf(instant)).sameDayOfMonth).map((start) => start.slice(0, 10))),
];

describe('the hours that an hour of SMS is held against', () => {
  it('are 28 of the same hour on the wall, through a change of clocks', () => {
    const hours = sameHour('2026-11-05T08:00:00Z');
    expect(hours).toHaveLength(28);
    expect(hours[0]).toEqual(['2026-11-04T08:00']);
    // Nine o'clock before 25 October is an hour earlier in UTC.
    expect(hours[10]).toEqual(['2026-10-25T08:00']);
    expect(hours[11]).toEqual(['2026-10-24T07:00']);
    expect(hours.at(-1)).toEqual(['2026-10-08T07:00']);
  });

  it('are both where a day has the hour twice, and none where it lacks it', () => {
    expect(sameHour('2026-10-26T01:30:00Z')[0]).toEqual(['2026-10-25T00:00', '2026-10-25T01:00']);
    const hours = sameHour('2026-03-30T00:30:00Z');
    expect(hours).toHaveLength(27);
    expect(hours[0]).toEqual(['2026-03-28T01:00']);
  });

  it('are all hours of the same day of three months, which begins at midnight in Copenhagen', () => {
    const { sameDayOfMonth } = comparedHours(hourOf('2026-11-01T08:00:00Z'));
    const starts = startsOf(sameDayOfMonth);
    expect(starts).toHaveLength(72);
    expect([starts[0], starts[24], starts[48]]).toEqual([
      '2026-09-30T22:00',
      '2026-08-31T22:00',
      '2026-07-31T22:00',
    ]);
  });

  it('are those of the last day where a month is shorter, and of the last days for a last day', () => {
    expect(sameDays('2026-05-31T10:00:00Z')).toEqual([
      '2026-04-29',
      '2026-04-30',
      '2026-03-30',
      '2026-03-31',
      '2026-02-27',
      '2026-02-28',
    ]);
    // 30 April is a last day: the 30th and the last day of March are both its like.
    expect(sameDays('2026-04-30T10:00:00Z').slice(0, 3)).toEqual(['2026-03-29', '2026-03-30', '2026-03-31']);
    expect(sameDays('2026-01-15T10:00:00Z')[0]).toBe('2025-12-14');
  });
});

describe('hours to compare', () => {
  const policies = onePolicy(defaultPolicy);
  it('are the closed ones in which all agreements together sent more than what nobody is asked about', () => {
    const rows = [
      smsHour(0, { sms: 100, agreementId: '1' }),
      smsHour(0, { sms: 101, agreementId: '2' }),
      smsHour(1, { sms: 200 }),
      smsHour(2, { sms: 900 }),
    ];
    const closed = [LAST_OF_HOUR, NOON + 3, LAST_OF_HOUR - 60].map((minute) => ({ minute }));
    expect(hoursToCompare(rows, closed, policies)).toEqual([LAST_OF_HOUR]);
    expect(hoursToCompare(rows, [], policies)).toEqual([]);
  });
});
