import fc from 'fast-check';
import type { ApiCallEvent } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import type { Policy } from '../policy/policy.js';
import {
  MINUTE_MS,
  HOUR_MS,
  START_MS,
  WRITE,
  READ,
  SWEEP,
  CHANGES,
  sentAt,
  brokenBy,
} from './obedient.testing.js';
import {
  recommendedBlockedCalls,
  recommendedCallsAtOnce,
  recommendedCallsPerMinute,
  recommendedCallsPerSlot,
  recommendedMissingScopes,
  recommendedRejectedSms,
  recommendedMinutesBetweenChanges,
  recommendedMinutesBetweenRepeats,
  recommendedMinutesBetweenSweeps,
  recommendedMinutesToKeep,
  recommendedMsBetweenWrites,
  recommendedRecordsPerMinute,
  recommendedRefusals,
  recommendedServerTimeMs,
  recommendedSmsPerHour,
} from './recommendations.js';

describe('a client that obeys the advice', () => {
  it('to the letter and in every piece, for 24 hours, breaks no rule', () => {
    const gapMs = Math.ceil(MINUTE_MS / recommendedCallsPerMinute(defaultPolicy));
    const sweepMs = recommendedMinutesBetweenSweeps(defaultPolicy) * MINUTE_MS;
    const durationMs = Math.floor((recommendedServerTimeMs(defaultPolicy) / MINUTE_MS) * gapMs);
    expect(gapMs).toBeGreaterThanOrEqual(recommendedMsBetweenWrites(defaultPolicy));
    const calls: ApiCallEvent[] = [];
    const changesMs = recommendedMinutesBetweenChanges(defaultPolicy) * MINUTE_MS;
    let [nextSweepMs, nextChangesMs] = [START_MS, START_MS];
    for (let ms = START_MS; ms < START_MS + 24 * HOUR_MS; ms += gapMs) {
      let call = WRITE;
      if (ms >= nextSweepMs) [call, nextSweepMs] = [SWEEP, ms + sweepMs];
      else if (ms >= nextChangesMs) [call, nextChangesMs] = [CHANGES, ms + changesMs];
      calls.push(sentAt(ms, { ...call, durationMs }));
    }
    expect(calls.length).toBeGreaterThan(24 * 60 * recommendedCallsPerMinute(defaultPolicy) - 10);
    expect(brokenBy(calls)).toEqual([]);
  });

  it('makes all the calls of its own minute at once and still makes fewer than the limit in ours', () => {
    const rate = recommendedCallsPerMinute(defaultPolicy);
    const obeys = fc.array(fc.integer({ min: 0, max: MINUTE_MS - 1 }), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(obeys, fc.nat({ max: MINUTE_MS - 1 }), (offsets, clockMs) => {
        const calls = offsets.flatMap((offset, minute) =>
          Array.from({ length: rate }, () => sentAt(START_MS + clockMs + minute * MINUTE_MS + offset, READ)),
        );
        expect(brokenBy(calls)).not.toContain('RATE_MINUTE');
      }),
      { numRuns: 30 },
    );
  });

  it('sends as many calls through its queue as advised, wherever in its own seconds, and breaks no rule', () => {
    const [perSlot, perMinute] = [
      recommendedCallsPerSlot(defaultPolicy),
      recommendedCallsPerMinute(defaultPolicy),
    ];
    expect(perMinute).toBeGreaterThan(perSlot);
    const twoBursts = fc.record({
      slots: fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { minLength: 2, maxLength: 2 }),
      offset: fc.tuple(fc.nat({ max: 4_999 }), fc.nat({ max: 4_999 })),
    });
    fc.assert(
      fc.property(
        fc.array(twoBursts, { minLength: 20, maxLength: 20 }),
        fc.nat({ max: 59_999 }),
        (all, clockMs) => {
          const calls = all.flatMap(({ slots, offset }, minute) =>
            slots.flatMap((slot, index) =>
              Array.from({ length: index === 0 ? perSlot : perMinute - perSlot }, (_, place) => {
                // As many at a time as advised, the next ones when these are answered.
                const waitMs = Math.floor(place / recommendedCallsAtOnce(defaultPolicy)) * 84;
                const inSlotMs = Math.min(offset[index]!, 4_999 - 2 * 84) + waitMs;
                return sentAt(START_MS + clockMs + minute * MINUTE_MS + slot * 5_000 + inSlotMs, READ);
              }),
            ),
          );
          expect(brokenBy(calls)).toEqual([]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is no longer safe when it makes twice as many and one more at once', () => {
    const calls = Array.from({ length: 10 }, (_, minute) =>
      Array.from({ length: 2 * recommendedCallsPerSlot(defaultPolicy) + 1 }, () =>
        sentAt(START_MS + minute * MINUTE_MS, READ),
      ),
    );
    expect(brokenBy(calls.flat())).toEqual(['BURST']);
  });

  it('fetches the whole list as often as advised, with a timer 20 seconds off, and breaks no rule', () => {
    const gapMs = recommendedMinutesBetweenSweeps(defaultPolicy) * MINUTE_MS;
    const sweeps = Array.from({ length: 48 }, (_, index) =>
      sentAt(START_MS + index * gapMs - (index % 2) * 20_000, SWEEP),
    );
    expect(brokenBy(sweeps)).toEqual([]);
  });

  it('asks for changes as often as advised, with a timer 20 seconds off, and breaks no rule', () => {
    const gapMs = recommendedMinutesBetweenChanges(defaultPolicy) * MINUTE_MS;
    const sweeps = (count: number, everyMs: number, earlyMs = 0) =>
      Array.from({ length: count }, (_, index) =>
        sentAt(START_MS + index * everyMs - (index % 2) * earlyMs, CHANGES),
      );
    expect(brokenBy(sweeps(100, gapMs, 20_000))).toEqual([]);
    expect(brokenBy(sweeps(100, gapMs / 2))).toEqual(['POLLING_TOO_OFTEN']);
  });

  it('is no longer safe when it fetches at twice that pace', () => {
    const gapMs = (recommendedMinutesBetweenSweeps(defaultPolicy) * MINUTE_MS) / 2;
    const sweeps = Array.from({ length: 48 }, (_, index) => sentAt(START_MS + index * gapMs, SWEEP));
    expect(brokenBy(sweeps)).toEqual(['POLLING_UNFILTERED']);
  });

  it('writes as often as advised, with a timer half a second off, and breaks no rule', () => {
    const gapMs = recommendedMsBetweenWrites(defaultPolicy);
    const writes = Array.from({ length: 900 }, (_, index) =>
      sentAt(START_MS + index * gapMs - (index % 2) * 500, WRITE),
    );
    expect(brokenBy(writes)).toEqual([]);
    const twiceAsFast = Array.from({ length: 900 }, (_, index) =>
      sentAt(START_MS + (index * gapMs) / 2, WRITE),
    );
    expect(brokenBy(twiceAsFast)).toContain('WRITE_RATE');
  });

  it('waits for answers as long as advised, wherever in its own minutes, and breaks no rule', () => {
    const offsets = fc.array(fc.integer({ min: 0, max: MINUTE_MS - 1 }), { minLength: 30, maxLength: 30 });
    const durationMs = recommendedServerTimeMs(defaultPolicy);
    fc.assert(
      fc.property(offsets, (all) => {
        const calls = all.map((offset, minute) =>
          sentAt(START_MS + minute * MINUTE_MS + offset, { ...READ, durationMs }),
        );
        expect(brokenBy(calls)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

describe('advice', () => {
  it('stays below the lowest threshold of any policy that leaves room for it', () => {
    const limits = fc.record({
      calls: fc.integer({ min: 3, max: 500 }),
      burst: fc.integer({ min: 3, max: 100 }),
      sweeps: fc.integer({ min: 2, max: 200 }),
      writes: fc.integer({ min: 3, max: 500 }),
      serverTimeMs: fc.integer({ min: 2_001, max: 400_000 }),
      refusedPercent: fc.integer({ min: 4, max: 100 }),
      minCalls: fc.integer({ min: 50, max: 1_000 }),
      sms: fc.integer({ min: 2, max: 10_000 }),
      more: fc.nat({ max: 5_000 }),
      scopes: fc.integer({ min: 3, max: 500 }),
      pairCalls: fc.integer({ min: 3, max: 500 }),
    });
    fc.assert(
      fc.property(
        limits,
        ({
          calls,
          burst,
          sweeps,
          writes,
          serverTimeMs,
          refusedPercent,
          minCalls,
          more,
          scopes,
          pairCalls,
          sms,
        }) => {
          const policy: Policy = {
            ...defaultPolicy,
            rules: {
              ...defaultPolicy.rules,
              RATE_MINUTE: { windowMinutes: 15, thresholds: { warning: { calls, minutes: 1 } } },
              BURST: { windowMinutes: 10, thresholds: { error: { calls: burst, minutes: 1 } } },
              WRITE_RATE: { windowMinutes: 15, thresholds: { error: { calls: writes, minutes: 1 } } },
              SERVER_TIME: { windowMinutes: 15, thresholds: { warning: { serverTimeMs, minutes: 1 } } },
              ERROR_RATIO_4XX: { windowMinutes: 15, minCalls, thresholds: { warning: refusedPercent } },
              POLLING_UNFILTERED: { windowMinutes: 60, thresholds: { error: sweeps } },
              POLLING_TOO_OFTEN: { windowMinutes: 60, thresholds: { info: sweeps } },
              SMS_REPEAT: { windowMinutes: 60, thresholds: { info: sweeps } },
              SMS_SPIKE: { ...defaultPolicy.rules.SMS_SPIKE, minSms: sms },
              SCOPE_MISMATCH: { windowMinutes: 1440, thresholds: { warning: scopes } },
              SMS_INVALID: { windowMinutes: 1440, minCalls, thresholds: { error: refusedPercent } },
              RATE_INTEGRATION: { ...defaultPolicy.rules.RATE_INTEGRATION, pairCalls },
            },
          };
          expect(2 * recommendedCallsPerMinute(policy)).toBeLessThan(calls);
          expect(Math.ceil(recommendedCallsPerMinute(policy) / 12) + 1).toBeLessThan(burst);
          expect(2 * recommendedCallsPerSlot(policy)).toBeLessThan(burst);
          expect(Math.ceil(60 / recommendedMinutesBetweenSweeps(policy))).toBeLessThan(sweeps);
          expect(Math.ceil(60 / recommendedMinutesBetweenChanges(policy))).toBeLessThan(sweeps);
          expect(Math.ceil(60 / recommendedMinutesBetweenRepeats(policy))).toBeLessThan(sweeps);
          expect(2 * recommendedSmsPerHour(policy)).toBeLessThanOrEqual(sms);
          expect(Math.ceil(MINUTE_MS / recommendedMsBetweenWrites(policy)) + 1).toBeLessThan(writes);
          expect(2 * recommendedServerTimeMs(policy)).toBeLessThan(serverTimeMs);
          expect(2 * recommendedMissingScopes(policy)).toBeLessThan(scopes);
          expect(2 * recommendedCallsPerMinute(policy)).toBeLessThan(pairCalls);
          expect(recommendedRejectedSms(policy)).toBe(recommendedRefusals(policy));
          const all = minCalls + more;
          const refused = recommendedRefusals(policy) * Math.ceil(all / minCalls);
          expect(refused * 100).toBeLessThan(refusedPercent * all);
        },
      ),
    );
  });

  it('cannot exist under a policy that forbids the first call, and the library says so', () => {
    const forbidding: Policy = {
      ...defaultPolicy,
      rules: {
        ...defaultPolicy.rules,
        RATE_MINUTE: { windowMinutes: 15, thresholds: { info: { calls: 2, minutes: 1 } } },
        BURST: { windowMinutes: 10, thresholds: { info: { calls: 2, minutes: 1 } } },
        WRITE_RATE: { windowMinutes: 15, thresholds: { info: { calls: 2, minutes: 1 } } },
        SERVER_TIME: { windowMinutes: 15, thresholds: { info: { serverTimeMs: 2_000, minutes: 1 } } },
        ERROR_RATIO_4XX: { windowMinutes: 15, minCalls: 100, thresholds: { info: 1 } },
        POLLING_UNFILTERED: { windowMinutes: 60, thresholds: { info: 1 } },
        POLLING_TOO_OFTEN: { windowMinutes: 60, thresholds: { info: 1 } },
        SMS_REPEAT: { windowMinutes: 10, thresholds: { info: 1 } },
        SMS_SPIKE: { ...defaultPolicy.rules.SMS_SPIKE, minSms: 1 },
        SCOPE_MISMATCH: { windowMinutes: 1440, thresholds: { info: 2 } },
        SMS_INVALID: { windowMinutes: 1440, minCalls: 20, thresholds: { warning: 1 } },
        CONCURRENCY: { windowMinutes: 10, thresholds: { info: { calls: 1, minutes: 1 } } },
        N_PLUS_ONE: {
          ...defaultPolicy.rules.N_PLUS_ONE,
          thresholds: { info: { calls: 2, minutes: 1 } },
        },
        DUPLICATE_READS: { windowMinutes: 10, thresholds: { info: 1 } },
        IGNORES_BLOCK: { windowMinutes: 15, thresholds: { info: { calls: 2, minutes: 1 } } },
      },
    };
    for (const advice of [
      recommendedBlockedCalls,
      recommendedMinutesToKeep,
      recommendedRecordsPerMinute,
      recommendedCallsAtOnce,
      recommendedCallsPerMinute,
      recommendedCallsPerSlot,
      recommendedMinutesBetweenChanges,
      recommendedMinutesBetweenRepeats,
      recommendedMinutesBetweenSweeps,
      recommendedMissingScopes,
      recommendedMsBetweenWrites,
      recommendedRefusals,
      recommendedRejectedSms,
      recommendedServerTimeMs,
      recommendedSmsPerHour,
    ]) {
      expect(() => advice(forbidding)).toThrow(RangeError);
    }
  });
});
