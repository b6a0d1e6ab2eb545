import type { ApiCall } from '@taxameter/contracts';
import { randomOf } from '@taxameter/contracts/testing';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { fairUseRoom, NOW, recordsOf } from '../fair-use.testing.js';
import { defaultPolicy } from '../policy/default-policy.js';
import { signalsOf } from './signals.js';
import {
  columnsOf,
  SIGNAL_TABLE_NAMES,
  SIGNAL_TABLES,
  type SignalRows,
  type SignalTableName,
} from './tables.js';
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
      authScheme: oneOf('bearer', 'bearer', 'apikey'),
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
  const expected = signalsOf(calls, defaultPolicy);
  const kept = <Name extends SignalTableName>(name: Name) =>
    database.query<SignalRows[Name][]>(
      `select ${columnsOf(name)} from ${SIGNAL_TABLES[name].name} order by minute`,
    );
  for (const name of SIGNAL_TABLE_NAMES) {
    expect(await kept(name)).toEqual([...expected[name].values()].sort(byMinute));
  }
  const pairs = await kept('pairs');
  expect(new Set(pairs[0]!.callsBySlot).size).toBeGreaterThan(3);
});
