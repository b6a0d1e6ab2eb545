import fc from 'fast-check';
import type { ApiCall, ApiCallEvent } from '@taxameter/contracts';
import { judge } from '../evaluation/judge.js';
import { rowsOf } from '../evaluation/judge.testing.js';
import { defaultPolicy } from '../policy/default-policy.js';
import { onePolicy } from '../policy/policies.js';
import type { Policy } from '../policy/policy.js';
import { signalsOf } from '../signals/signals.js';
import { callAt, CONTACTS } from '../signals/signals.testing.js';
import {
  recommendedCallsPerMinute,
  recommendedCallsPerSlot,
  recommendedMinutesBetweenChanges,
  recommendedMinutesBetweenSweeps,
  recommendedMsBetweenWrites,
  recommendedRefusals,
  recommendedServerTimeMs,
} from './recommendations.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A partner's clock shows other seconds than ours. */
const START_MS = Date.UTC(2026, 8, 30, 0, 0, 37);

const WRITE: Partial<ApiCall> = { method: 'POST', operation: 'write', query: null };
const READ: Partial<ApiCall> = { operation: 'item', route: `${CONTACTS}/{guid}`, query: null };
const SWEEP: Partial<ApiCall> = { query: { page: 0 } };
const CHANGES: Partial<ApiCall> = { query: { page: 0, hasChangesSince: true } };
const sentAt = (ms: number, data: Partial<ApiCall>) => callAt(new Date(ms).toISOString(), data);

/** The rules that find anything in these calls, every minute judged by all rules. */
function brokenBy(calls: readonly ApiCallEvent[], policy: Policy = defaultPolicy): string[] {
  const rows = rowsOf(signalsOf(calls, policy));
  const docket = {
    integrationId: rows.pairs[0]!.integrationId,
    dirty: rows.pairs.map(({ agreementId, minute }) => ({
      agreementId,
      minute,
      appendedAt: '2026-10-01T12:00:00.000Z',
    })),
    rows,
    allAgreements: rows,
  };
  return judge({ ...docket, closed: docket.dirty, settled: new Map() }, onePolicy(policy)).map(
    ({ rule }) => rule.id,
  );
}

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

  it('makes as many calls at once as advised, wherever in its own seconds, and breaks no rule', () => {
    const [atOnce, perMinute] = [
      recommendedCallsPerSlot(defaultPolicy),
      recommendedCallsPerMinute(defaultPolicy),
    ];
    expect(perMinute).toBeGreaterThan(atOnce);
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
              Array.from({ length: index === 0 ? atOnce : perMinute - atOnce }, () =>
                sentAt(START_MS + clockMs + minute * MINUTE_MS + slot * 5_000 + offset[index]!, READ),
              ),
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
      more: fc.nat({ max: 5_000 }),
    });
    fc.assert(
      fc.property(
        limits,
        ({ calls, burst, sweeps, writes, serverTimeMs, refusedPercent, minCalls, more }) => {
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
            },
          };
          expect(2 * recommendedCallsPerMinute(policy)).toBeLessThan(calls);
          expect(Math.ceil(recommendedCallsPerMinute(policy) / 12) + 1).toBeLessThan(burst);
          expect(2 * recommendedCallsPerSlot(policy)).toBeLessThan(burst);
          expect(Math.ceil(60 / recommendedMinutesBetweenSweeps(policy))).toBeLessThan(sweeps);
          expect(Math.ceil(60 / recommendedMinutesBetweenChanges(policy))).toBeLessThan(sweeps);
          expect(Math.ceil(MINUTE_MS / recommendedMsBetweenWrites(policy)) + 1).toBeLessThan(writes);
          expect(2 * recommendedServerTimeMs(policy)).toBeLessThan(serverTimeMs);
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
      },
    };
    for (const advice of [
      recommendedCallsPerMinute,
      recommendedCallsPerSlot,
      recommendedMinutesBetweenChanges,
      recommendedMinutesBetweenSweeps,
      recommendedMsBetweenWrites,
      recommendedRefusals,
      recommendedServerTimeMs,
    ]) {
      expect(() => advice(forbidding)).toThrow(RangeError);
    }
  });
});
