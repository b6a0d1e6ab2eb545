import fc from 'fast-check';
import type { ApiCall } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { times } from '../rules/rules.testing.js';
import { MINUTE_MS, HOUR_MS, START_MS, READ, SMS, smsAt, sentAt, brokenBy } from './obedient.testing.js';
import {
  recommendedBlockedCalls,
  recommendedCallsAtOnce,
  recommendedCallsPerMinute,
  recommendedMinutesAfterRefusal,
  recommendedMissingScopes,
  recommendedRejectedSms,
  recommendedMinutesBetweenRepeats,
  recommendedMinutesToKeep,
  recommendedRecordsPerMinute,
  recommendedRefusals,
  recommendedSmsPerHour,
  recommendedWaitMs,
} from './recommendations.js';

describe('a client that obeys the advice on its agreements', () => {
  it('leaves an agreement alone that has refused it, with a timer 20 seconds early, and breaks no rule', () => {
    const gapMs = recommendedMinutesAfterRefusal(defaultPolicy) * MINUTE_MS;
    // Customers who all withdrew long ago, so that hardly any agreement is active.
    const refused = (everyMs: number, earlyMs = 0) =>
      Array.from({ length: 200 }, (_, agreement) => agreement).flatMap((agreement) =>
        Array.from({ length: 6 }, (_, index) =>
          sentAt(START_MS + index * everyMs - (index % 2) * earlyMs, {
            ...READ,
            organizationId: `a${agreement}`,
            status: index % 3 === 0 ? 403 : 401,
          }),
        ),
      );
    expect(brokenBy(refused(gapMs, 20_000))).toEqual([]);
    expect(brokenBy(refused(gapMs / 2))).toEqual(['AUTH_FAILURES']);
  });

  it('gives up a call without its scope as soon as advised, day after day, and breaks no rule', () => {
    const perDay = recommendedMissingScopes(defaultPolicy);
    const days = (count: number) =>
      Array.from({ length: 6 }, (_, day) => day).flatMap((day) =>
        Array.from({ length: count }, () =>
          // At the end of one of its days and at the begin of the next.
          sentAt(START_MS + Math.floor(day / 2) * 48 * HOUR_MS + (day % 2) * HOUR_MS, {
            ...READ,
            status: 403,
            errorReason: 'missing_scope',
          }),
        ),
      );
    expect(brokenBy(days(perDay))).toEqual([]);
    expect(brokenBy(days(perDay + 1))).toEqual(['SCOPE_MISMATCH']);
  });

  it('stops sending SMS when as many were rejected as advised, and breaks no rule', () => {
    const { minCalls } = defaultPolicy.rules.SMS_INVALID;
    const rejected = recommendedRejectedSms(defaultPolicy);
    const sms = (perSample: number) =>
      Array.from({ length: 10 * minCalls + 1 }, (_, index) =>
        sentAt(START_MS + index * 60_000, { ...SMS, status: index % minCalls < perSample ? 400 : 201 }),
      );
    expect(brokenBy(sms(rejected))).toEqual([]);
    expect(brokenBy(sms(3 * rejected))).toContain('SMS_INVALID');
  });

  it('keeps to the rate advised on each of a thousand agreements and is not told that they are many', () => {
    const calls = Array.from({ length: 1000 }, (_, agreement) => agreement).flatMap((agreement) =>
      Array.from({ length: 6 }, (_, minute) => minute).flatMap((minute) =>
        Array.from({ length: recommendedCallsPerMinute(defaultPolicy) }, (_, index) =>
          sentAt(START_MS + minute * MINUTE_MS + index * 4_500, { ...READ, organizationId: `a${agreement}` }),
        ),
      ),
    );
    expect(calls.length / 6).toBeGreaterThan(10_000);
    expect(brokenBy(calls)).toEqual([]);
  });
});

describe('a client that reads as advised', () => {
  const hash = (value: number) => value.toString(16).padStart(8, '0').padEnd(16, '0');
  const ACCOUNTS: Partial<ApiCall> = {
    route: '/v1/{organizationId}/accounts',
    responseHash: hash(1),
    query: { page: 0, pageSize: defaultPolicy.maxPageSize },
  };
  const offsets = fc.array(fc.integer({ min: 0, max: MINUTE_MS - 1 }), { minLength: 40, maxLength: 40 });
  /** In each of its own minutes a page of the contacts and, at any moment of it, so many of them one by one. */
  const records = (all: readonly number[], perMinute: number) =>
    all.flatMap((offset, minute) => {
      const ms = START_MS + minute * MINUTE_MS;
      const page = { page: minute, pageSize: defaultPolicy.maxPageSize, hasChangesSince: true };
      const reads = times(perMinute, 0).map((_, index) =>
        sentAt(ms + offset, { ...READ, resourceHash: hash(minute * 1_000 + index) }),
      );
      return minute % 3 === 0 ? [sentAt(ms, { query: page }), ...reads] : reads;
    });

  it('fetches as many records one by one as advised, large pages of a list, and what it keeps once', () => {
    const keepMs = recommendedMinutesToKeep(defaultPolicy) * MINUTE_MS;
    const kept = [0, 1, 2].map((index) => sentAt(START_MS + index * keepMs, ACCOUNTS));
    fc.assert(
      fc.property(offsets, (all) => {
        const broken = brokenBy([...records(all, recommendedRecordsPerMinute(defaultPolicy)), ...kept]);
        for (const ruleId of ['N_PLUS_ONE', 'SMALL_PAGES', 'DUPLICATE_READS'])
          expect(broken).not.toContain(ruleId);
      }),
      { numRuns: 30 },
    );
  });

  it('is no longer safe with twice as many and one more, with the pages of the default, or when it keeps nothing', () => {
    const twice = 2 * recommendedRecordsPerMinute(defaultPolicy) + 1;
    expect(brokenBy(records(times(20, 0), twice))).toContain('N_PLUS_ONE');
    const pages = times(12, 0).map((_, page) =>
      sentAt(START_MS + page * 20_000, { query: { page, hasQueryFilter: true } }),
    );
    expect(brokenBy(pages)).toEqual(['SMALL_PAGES']);
    const again = times(40, 0).map((_, index) => sentAt(START_MS + index * 20_000, ACCOUNTS));
    expect(brokenBy(again)).toEqual(['DUPLICATE_READS']);
  });

  it('tries as often as advised whether it still is blocked, wherever in its minutes, and no more is said', () => {
    const tries = (all: readonly number[], count: number) =>
      all.flatMap((offset, minute) =>
        times(count, 0).map(() =>
          sentAt(START_MS + minute * MINUTE_MS + offset, { ...READ, status: 403, enforced: 'block' }),
        ),
      );
    fc.assert(
      fc.property(offsets, (all) => {
        expect(brokenBy(tries(all, recommendedBlockedCalls(defaultPolicy)))).toEqual([]);
      }),
      { numRuns: 30 },
    );
    const twice = tries(times(20, 0), 2 * recommendedBlockedCalls(defaultPolicy) + 2);
    expect(brokenBy(twice)).toEqual(['IGNORES_BLOCK']);
  });
});

describe('a client with a queue', () => {
  /** So many workers, each of which begins its next call when its last one is answered. */
  const calls = (workers: number, durations: readonly number[]) =>
    times(workers, 0).flatMap((_, worker) => {
      let ms = START_MS + worker * 100;
      return durations.map((durationMs) => {
        const call = sentAt(ms, { ...READ, durationMs });
        ms += durationMs;
        return call;
      });
    });

  it('has as many calls in progress as advised for half an hour and is not too many, and is with one more', () => {
    const durations = fc.array(fc.integer({ min: 1_000, max: 50_000 }), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(durations, (all) => {
        expect(brokenBy(calls(recommendedCallsAtOnce(defaultPolicy), all))).not.toContain('CONCURRENCY');
      }),
      { numRuns: 40 },
    );
    const tooMany = calls(recommendedCallsAtOnce(defaultPolicy) + 1, times(60, 20_000));
    expect(brokenBy(tooMany)).toContain('CONCURRENCY');
  });
});

describe('a client that is answered with 429 again and again', () => {
  const LIMITED: Partial<ApiCall> = { ...READ, status: 429, durationMs: 40 };
  /** Two calls at a time, and after a 429 none until the wait is over, which doubles each time; some waits are told. */
  const calls = (waitMs: (told: number | null) => number, told: readonly (number | null)[]) => {
    let ms = START_MS;
    return told.flatMap((retryAfterSec, index) => {
      const both = [ms, ms + 1_500].map((start) => sentAt(start, { ...LIMITED, retryAfterSec }));
      ms += 1_540 + waitMs(retryAfterSec) * 2 ** (index % 3);
      return both;
    });
  };
  const told = fc.array(fc.constantFrom(null, null, 1, 30, 600), { minLength: 20, maxLength: 20 });

  it('does not ignore it when it waits as advised, and does when it waits half as long', () => {
    const advised = (seconds: number | null) =>
      seconds === null ? recommendedWaitMs(defaultPolicy) : seconds * 1000;
    fc.assert(
      fc.property(told, (waits) => {
        expect(brokenBy(calls(advised, waits))).not.toContain('IGNORES_429');
      }),
      { numRuns: 60 },
    );
    const impatient = calls((seconds) => advised(seconds) / 2, times(20, null));
    expect(brokenBy(impatient)).toContain('IGNORES_429');
  });
});

describe('a client that stops when as many calls were refused as advised', () => {
  const { minCalls } = defaultPolicy.rules.ERROR_RATIO_4XX;
  const refusals = recommendedRefusals(defaultPolicy);
  /** How the calls end of a client whose causes, once found, are gone for a while. */
  const outcomes = fc.array(fc.boolean(), { minLength: minCalls, maxLength: 600 }).map((wouldBeRefused) => {
    const ended: boolean[] = [];
    let sinceStop = minCalls;
    for (const isRefused of wouldBeRefused) {
      const latest = ended.slice(1 - minCalls).filter(Boolean).length;
      ended.push(isRefused && sinceStop >= minCalls);
      sinceStop = ended.at(-1) && latest + 1 >= refusals ? 0 : sinceStop + 1;
    }
    return ended;
  });

  it('is below info, whenever it calls', () => {
    fc.assert(
      fc.property(outcomes, fc.integer({ min: 500, max: 20_000 }), (ended, gapMs) => {
        const calls = ended.map((isRefused, index) =>
          sentAt(START_MS + index * gapMs, { ...READ, status: isRefused ? 404 : 200 }),
        );
        expect(brokenBy(calls)).not.toContain('ERROR_RATIO_4XX');
      }),
      { numRuns: 60 },
    );
  });

  it('would not be, if it let three times as many pass', () => {
    const calls = Array.from({ length: 200 }, (_, index) =>
      sentAt(START_MS + index * 2_500, { ...READ, status: index % minCalls < 3 * refusals ? 404 : 200 }),
    );
    expect(brokenBy(calls)).toEqual(['ERROR_RATIO_4XX']);
  });
});

describe('a client that sends SMS', () => {
  it('sends the same again as late as advised, with a timer 20 seconds off, and breaks no rule', () => {
    const gapMs = recommendedMinutesBetweenRepeats(defaultPolicy) * MINUTE_MS;
    const repeats = (everyMs: number) =>
      Array.from({ length: 20 }, (_, index) =>
        smsAt(START_MS + index * everyMs - (index % 2) * 20_000, index),
      );
    expect(brokenBy(repeats(gapMs))).toEqual([]);
    expect(brokenBy(repeats(gapMs / 3))).toEqual(['SMS_REPEAT']);
  });

  it('sends to the countries that the advice names, and breaks no rule', () => {
    const policy = { ...defaultPolicy, allowedSmsCountries: ['DK', 'FO'] };
    const sent = (recipientCountry: string) => [smsAt(START_MS, 1, { recipientCountry })];
    expect(policy.allowedSmsCountries.flatMap((country) => brokenBy(sent(country), policy))).toEqual([]);
    expect(brokenBy(sent('FO'))).toEqual(['SMS_FOREIGN']);
  });
});

describe('a client that sends many SMS', () => {
  it('sends as many as advised in its own hours, all at the end of one and the start of the next, and breaks no rule', () => {
    const perHour = recommendedSmsPerHour(defaultPolicy);
    const sent = (count: number) =>
      [59.9, 60.1].flatMap((minute, hour) =>
        Array.from({ length: count }, (_, index) =>
          smsAt(START_MS + minute * MINUTE_MS, count * hour + index, { voucherGuid: null }),
        ),
      );
    expect(brokenBy(sent(perHour))).toEqual([]);
    expect(brokenBy(sent(perHour + 1))).toEqual(['SMS_SPIKE']);
  });
});
