import fc from 'fast-check';
import type { ApiCall } from '@taxameter/contracts';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { randomOf } from '@taxameter/contracts/testing';
import { fairUseRoom, NOW, recordsOf } from '../fair-use.testing.js';
import { bucketOf, DURATION_BUCKETS, percentileMs } from './durations.js';
import { harmOf } from './harm.js';
import { callAt, CONTACTS } from './signals.testing.js';

const AT = '2026-10-05T07:00:30.000Z';
const harm = (...overrides: Partial<ApiCall>[]) =>
  harmOf(
    overrides.map((data) => ({ event: callAt(AT, data), time: new Date(AT) })),
    3,
  );

describe('how long calls took', () => {
  it('is told by the upper end of a bucket, never less than it was and at most 1.42 times as much', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (ms) => {
        const counts = new Array<number>(DURATION_BUCKETS).fill(0);
        counts[bucketOf(ms)] = 1;
        const told = percentileMs(counts, 0.95)!;
        expect(told).toBeGreaterThanOrEqual(ms);
        expect(told).toBeLessThanOrEqual(ms * 1.4143);
      }),
    );
  });

  it('puts powers of two, and what takes no time, at the upper end of their bucket', () => {
    expect([0, 1, 2, 3, 4, 1024, 1025].map(bucketOf)).toEqual([0, 0, 2, 4, 4, 20, 21]);
  });

  it('keeps what is longer than the last bucket in it', () => {
    expect(bucketOf(Number.MAX_SAFE_INTEGER)).toBe(DURATION_BUCKETS - 1);
  });

  it('has no percentile without calls, and 5 of 100 slow ones do not reach the 95th', () => {
    expect(percentileMs([], 0.95)).toBeNull();
    const counts = new Array<number>(DURATION_BUCKETS).fill(0);
    counts[bucketOf(64)] = 95;
    counts[bucketOf(4096)] = 5;
    expect(percentileMs(counts, 0.95)).toBe(64);
    counts[bucketOf(4096)] = 6;
    expect(percentileMs(counts, 0.95)).toBe(4096);
  });
});

describe('the work of the platform', () => {
  it('has calls of nobody and calls that failed, and not what our own restriction answered', () => {
    const { platform, answers } = harm(
      { integrationId: 'unknown', durationMs: 100 },
      { status: 503, durationMs: 200 },
      { status: 403, enforced: 'block', durationMs: 400 },
    );
    expect(platform).toMatchObject([{ partition: 3, calls: 2, serverTimeMs: 300 }]);
    expect(answers).toMatchObject([{ calls: 2, failures: 1, restricted: 1, refusals: 0, serverTimeMs: 200 }]);
  });

  it('has the server time of a call up to the end of its minute, and its whole duration', () => {
    const { platform } = harm({ durationMs: 40_000 });
    expect(platform[0]!.serverTimeMs).toBe(30_000);
    expect(platform[0]!.durations[bucketOf(40_000)]).toBe(1);
  });
});

it('tells what became of calls by method and route, in the hour that holds them', () => {
  const { answers } = harm(...[200, 201, 304, 404, 429, 500, 0].map((status) => ({ status })), {
    method: 'POST',
    operation: 'write',
  });
  expect(answers).toMatchObject([
    { method: 'GET', calls: 7, successes: 2, redirects: 1, refusals: 2, failures: 1, aborted: 1 },
    { method: 'POST', route: CONTACTS, calls: 1, successes: 1 },
  ]);
  expect(new Date((answers[0]!.minute + 1) * 60_000).toISOString()).toBe('2026-10-05T08:00:00.000Z');
});

describe('in the tables', () => {
  let rooms: TestRooms;
  beforeAll(async () => {
    rooms = await startTestRooms([fairUseRoom], { now: NOW });
  });
  afterAll(async () => {
    await rooms?.stop();
  });

  it('adds up to the same whatever the cut, also which ids are kept', async () => {
    const random = randomOf(5);
    const calls = Array.from({ length: 400 }, (_, index) => ({
      ...callAt(new Date(Date.parse(AT) + (random() % 120_000)).toISOString(), {
        durationMs: random() % 9_000,
        status: [200, 404, 503, 0][random() % 4]!,
        method: (['GET', 'PUT'] as const)[random() % 2]!,
        operation: 'other',
      }),
      // In no order, and some that are no plain text and so no sample.
      id: `${index % 3 === 0 ? 'ø' : 'call'}-${(index * 7_919) % 10_007}`,
    }));
    for (const [from, to] of [
      [0, 3],
      [3, 200],
      [200, 400],
    ] as const) {
      await rooms.producer.append(recordsOf(calls.slice(from, to), 7));
      await rooms.settle();
    }
    const database = rooms.databases.get('fair-use')!;
    const platform = await database.query<{ partition: number }[]>(
      `select minute, partition, calls, server_time_ms as "serverTimeMs", durations
       from signal_platform_minute order by minute`,
    );
    const answers = await database.query(
      `select integration_id as "integrationId", agreement_id as "agreementId", minute, method, route, calls,
              server_time_ms as "serverTimeMs", successes, redirects, refusals, failures, aborted, restricted,
              event_ids as "eventIds" from signal_answer_hour order by method`,
    );
    const whole = harmOf(
      calls.map((event) => ({ event, time: new Date(event.time) })),
      platform[0]!.partition,
    );
    expect(platform).toEqual(whole.platform);
    expect(answers).toEqual(whole.answers);
    expect(whole.answers[0]!.eventIds).toHaveLength(5);
  });
});
