import type { ApiCall } from '@taxameter/contracts';
import { randomOf } from '@taxameter/contracts/testing';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { fairUseRoom, NOW, recordsOf } from '../fair-use.testing.js';
import { defaultPolicy } from '../policy/default-policy.js';
import { signalsOf, type PairMinute, type RouteMinute } from './signals.js';
import { callAt } from './signals.testing.js';

let rooms: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: NOW });
});
afterAll(async () => {
  await rooms?.stop();
});

/** Calls of one agreement in two minutes that differ in all that a signal reads. */
function variedCalls(count: number) {
  const random = randomOf(7);
  const oneOf = <Value>(...values: Value[]) => values[random() % values.length]!;
  return Array.from({ length: count }, () => {
    const time = new Date(Date.parse('2026-10-05T07:00:00Z') + (random() % 120_000)).toISOString();
    return callAt(time, {
      ...oneOf<Partial<ApiCall>>({}, {}, { method: 'POST', operation: 'write' }),
      status: oneOf(200, 200, 200, 404, 429),
      durationMs: random() % 2_000,
      query: { page: 0, hasChangesSince: oneOf(true, false) },
    });
  });
}

const byMinute = (left: { minute: number }, right: { minute: number }) => left.minute - right.minute;

it('adds batch by batch to the rows what the calls say together, in every measure', async () => {
  const calls = variedCalls(300);
  for (const [from, to] of [
    [0, 1],
    [1, 8],
    [8, 150],
    [150, 300],
  ] as const) {
    await rooms.producer.append(recordsOf(calls.slice(from, to), 7));
    await rooms.settle();
  }
  const database = rooms.databases.get('fair-use')!;
  const key = 'integration_id as "integrationId", agreement_id as "agreementId", minute';
  const pairs = await database.query<PairMinute[]>(
    `select ${key}, calls, writes, server_time_ms as "serverTimeMs", client_errors as "clientErrors", throttled,
            calls_by_slot as "callsBySlot" from signal_pair_minute order by minute`,
  );
  const routes = await database.query<RouteMinute[]>(
    `select ${key}, route, unfiltered_sweeps as "unfilteredSweeps", changes_since_sweeps as "changesSinceSweeps"
     from signal_route_minute order by minute`,
  );
  const expected = signalsOf(calls, defaultPolicy);
  expect(pairs).toEqual([...expected.pairs.values()].sort(byMinute));
  expect(routes).toEqual([...expected.routes.values()].sort(byMinute));
  expect(new Set(pairs[0]!.callsBySlot).size).toBeGreaterThan(3);
});
