import fc from 'fast-check';
import type { ApiCall, ApiCallEvent } from '@taxameter/contracts';
import { judge } from '../evaluation/judge.js';
import { defaultPolicy } from '../policy/default-policy.js';
import type { Policy } from '../policy/policy.js';
import { signalsOf } from '../signals/signals.js';
import { callAt, CONTACTS } from '../signals/signals.testing.js';
import {
  recommendedCallsPerMinute,
  recommendedMinutesBetweenSweeps,
  recommendedMsBetweenWrites,
  recommendedServerTimeMs,
} from './recommendations.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A partner's clock shows other seconds than ours. */
const START_MS = Date.UTC(2026, 8, 30, 0, 0, 37);

const WRITE: Partial<ApiCall> = { method: 'POST', operation: 'write', query: null };
const READ: Partial<ApiCall> = { operation: 'item', route: `${CONTACTS}/{guid}`, query: null };
const sentAt = (ms: number, data: Partial<ApiCall>) => callAt(new Date(ms).toISOString(), data);

/** The rules that find anything in these calls, every minute judged by all rules. */
function brokenBy(calls: readonly ApiCallEvent[], policy: Policy = defaultPolicy): string[] {
  const { pairs, routes } = signalsOf(calls, policy);
  const [first] = pairs.values();
  const docket = {
    integrationId: first!.integrationId,
    dirty: [...pairs.values()].map(({ agreementId, minute }) => ({
      agreementId,
      minute,
      appendedAt: '2026-10-01T12:00:00.000Z',
    })),
    pairs: [...pairs.values()],
    routes: [...routes.values()],
    closedBefore: Number.MAX_SAFE_INTEGER,
  };
  return judge(docket, policy).map(({ rule }) => rule.id);
}

describe('a client that obeys the advice', () => {
  it('to the letter and in every piece, for 24 hours, breaks no rule', () => {
    const gapMs = MINUTE_MS / recommendedCallsPerMinute(defaultPolicy);
    const sweepMs = recommendedMinutesBetweenSweeps(defaultPolicy) * MINUTE_MS;
    const durationMs = Math.floor((recommendedServerTimeMs(defaultPolicy) / MINUTE_MS) * gapMs);
    expect(gapMs).toBeGreaterThanOrEqual(recommendedMsBetweenWrites(defaultPolicy));
    const calls: ApiCallEvent[] = [];
    let nextSweepMs = START_MS;
    for (let ms = START_MS; ms < START_MS + 24 * HOUR_MS; ms += gapMs) {
      const isSweep = ms >= nextSweepMs;
      if (isSweep) nextSweepMs = ms + sweepMs;
      calls.push(sentAt(ms, { ...(isSweep ? {} : WRITE), durationMs }));
    }
    expect(calls).toHaveLength(24 * 60 * recommendedCallsPerMinute(defaultPolicy));
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

  it('fetches the whole list as often as advised, with a timer 20 seconds off, and breaks no rule', () => {
    const gapMs = recommendedMinutesBetweenSweeps(defaultPolicy) * MINUTE_MS;
    const sweeps = Array.from({ length: 48 }, (_, index) =>
      sentAt(START_MS + index * gapMs - (index % 2) * 20_000, {}),
    );
    expect(brokenBy(sweeps)).toEqual([]);
  });

  it('is no longer safe when it fetches at twice that pace', () => {
    const gapMs = (recommendedMinutesBetweenSweeps(defaultPolicy) * MINUTE_MS) / 2;
    const sweeps = Array.from({ length: 48 }, (_, index) => sentAt(START_MS + index * gapMs, {}));
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
      sweeps: fc.integer({ min: 2, max: 200 }),
      writes: fc.integer({ min: 3, max: 500 }),
      serverTimeMs: fc.integer({ min: 2_001, max: 400_000 }),
    });
    fc.assert(
      fc.property(limits, ({ calls, sweeps, writes, serverTimeMs }) => {
        const policy: Policy = {
          ...defaultPolicy,
          rules: {
            ...defaultPolicy.rules,
            RATE_MINUTE: { windowMinutes: 15, thresholds: { warning: { calls, minutes: 1 } } },
            WRITE_RATE: { windowMinutes: 15, thresholds: { error: { calls: writes, minutes: 1 } } },
            SERVER_TIME: { windowMinutes: 15, thresholds: { warning: { serverTimeMs, minutes: 1 } } },
            POLLING_UNFILTERED: { windowMinutes: 60, thresholds: { error: sweeps } },
          },
        };
        expect(2 * recommendedCallsPerMinute(policy)).toBeLessThan(calls);
        expect(Math.ceil(60 / recommendedMinutesBetweenSweeps(policy))).toBeLessThan(sweeps);
        expect(Math.ceil(MINUTE_MS / recommendedMsBetweenWrites(policy)) + 1).toBeLessThan(writes);
        expect(2 * recommendedServerTimeMs(policy)).toBeLessThan(serverTimeMs);
      }),
    );
  });

  it('cannot exist under a policy that forbids the first call, and the library says so', () => {
    const forbidding: Policy = {
      ...defaultPolicy,
      rules: {
        ...defaultPolicy.rules,
        RATE_MINUTE: { windowMinutes: 15, thresholds: { info: { calls: 2, minutes: 1 } } },
        WRITE_RATE: { windowMinutes: 15, thresholds: { info: { calls: 2, minutes: 1 } } },
        SERVER_TIME: { windowMinutes: 15, thresholds: { info: { serverTimeMs: 2_000, minutes: 1 } } },
        POLLING_UNFILTERED: { windowMinutes: 60, thresholds: { info: 1 } },
      },
    };
    for (const advice of [
      recommendedCallsPerMinute,
      recommendedMinutesBetweenSweeps,
      recommendedMsBetweenWrites,
      recommendedServerTimeMs,
    ]) {
      expect(() => advice(forbidding)).toThrow(RangeError);
    }
  });
});
