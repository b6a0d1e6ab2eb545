import { TOPICS, type ApiCallEvent } from '@taxameter/contracts';
import { fixedClock, type EventBatch } from '@taxameter/platform';
import { openTestRoom, processRecords } from '@taxameter/platform/testing';
import { call, recordOf } from '../events.testing.js';
import { meteringMigrations } from '../metering.migration.js';
import { MeteringModule } from '../metering.module.js';
import { startMetering } from '../metering.testing.js';
import {
  Admission,
  MOST_NEW_AGREEMENTS,
  MOST_NEW_INTEGRATIONS,
  MOST_NEW_ROUTES,
  MOST_ROUTES,
} from './admission.service.js';
import { Counters } from './counters.service.js';
import { Dictionary } from './dictionary.service.js';
import { UsageConsumer } from './usage.consumer.js';

/** Names that somebody makes up: the tables stay bounded, and each call is counted or quarantined. */

const MANY = 100_000;
const PER_RECORD = 5_000;
const START_MS = Date.parse('2026-10-05T07:00:00Z');
const MINUTE_MS = 60_000;
const room = { name: 'metering', module: MeteringModule, schema: { migrations: meteringMigrations } };
const clock = fixedClock(new Date('2026-10-05T12:00:00Z'));

const topic = TOPICS.apiCalls.name;

let test: Awaited<ReturnType<typeof openTestRoom>>;
let take: (events: readonly ApiCallEvent[], minute?: number) => Promise<void>;

/** A process that remembers nothing yet. */
function newProcess(): UsageConsumer {
  const dictionary = new Dictionary(test.database);
  return new UsageConsumer(new Counters(dictionary), new Admission(test.database, dictionary));
}

/** Hands events to a process in a transaction, beside the log. */
async function handTo(consumer: UsageConsumer, given: readonly ApiCallEvent[]): Promise<void> {
  const events = given.map((event, index) => ({
    ...{ position: { topic, partition: 1, offset: 0, index }, event, time: new Date(event.time) },
    ...{ appendedAt: new Date(START_MS), key: null },
  }));
  await test.database.transaction((tx) =>
    consumer.calls({
      ...{ topic, partition: 1, fromOffset: 0, toOffset: 1, events, tx },
      quarantine: (_, reason) => {
        throw new Error(`refused: ${reason}`);
      },
    }),
  );
}

beforeEach(async () => {
  test = await openTestRoom(room);
  const consumer = newProcess();
  const handle = (batch: EventBatch) => consumer.calls(batch as EventBatch<ApiCallEvent>);
  const subscription = { room: 'metering', topic, types: [], handle };
  await test.database.query(
    'insert into consumer_position (topic, partition, next_offset) values ($1, 0, 0)',
    [topic],
  );
  let offset = 0;
  /** As one record of the log, taken in so many minutes after the start. */
  take = async (events, minute = 0) => {
    const record = {
      ...{ topic, partition: 0, offset, key: null },
      headers: { 'content-type': 'application/cloudevents-batch+json' },
      value: new TextEncoder().encode(JSON.stringify(events)),
      appendedAt: new Date(START_MS + minute * MINUTE_MS),
    };
    const range = {
      topic,
      partition: 0,
      generation: 0,
      records: [record],
      fromOffset: offset,
      toOffset: offset + 1,
    };
    const { kind } = await processRecords(test.database, subscription, range, clock);
    expect(kind).toBe('committed');
    offset += 1;
  };
});

afterEach(() => test?.close());

let made = 0;
const callOf = (data: Partial<ApiCallEvent['data']>) =>
  call(`call ${(made += 1)}`, new Date(START_MS).toISOString(), data);

async function takeMany(
  dataOf: (index: number) => Partial<ApiCallEvent['data']>,
  many = MANY,
): Promise<void> {
  for (let index = 0; index < many; index += PER_RECORD) {
    await take(Array.from({ length: PER_RECORD }, (_, more) => callOf(dataOf(index + more))));
  }
}

async function numberOf(sql: string, parameters: unknown[] = []): Promise<number> {
  const [row] = await test.database.query<{ number: number }[]>(
    `select (${sql})::bigint as number`,
    parameters,
  );
  return row!.number;
}

const accounted = (what: 'counted' | 'quarantined') =>
  numberOf(`select sum(${what}) from consumer_accounting`);

async function expectSums(calls: number): Promise<void> {
  for (const table of ['usage_minute', 'usage_hour', 'usage_day', 'usage_quarter']) {
    expect([table, await numberOf(`select coalesce(sum(calls), 0) from ${table}`)]).toEqual([table, calls]);
  }
  expect(await accounted('counted')).toBe(calls);
}

const callsOn = (route: string) =>
  numberOf(
    'select coalesce(sum(calls), 0) from usage_hour join route on route.id = usage_hour.route where route.route = $1',
    [route],
  );

describe('names that are made up', () => {
  it('of 100,000 routes leave 100 and the folded one in the tables, and every call is counted', async () => {
    await takeMany((index) => ({ route: `/v1/${index}-${(index * 7919) % MANY}` }));
    await expectSums(MANY);
    expect(await numberOf('select count(*) from route')).toBe(MOST_NEW_ROUTES + 1);
    expect(await numberOf('select count(*) from integration_route')).toBe(MOST_NEW_ROUTES);
    expect(await numberOf('select count(*) from usage_hour')).toBe(MOST_NEW_ROUTES + 1);
    expect(await callsOn('*')).toBe(MANY - MOST_NEW_ROUTES);
    expect(await accounted('quarantined')).toBe(0);
  }, 60_000);

  it('of 100,000 integrations leave 2,000 in the tables, and every other call is in quarantine with its reason', async () => {
    await takeMany((index) => ({ integrationId: `isv_${index}` }));
    await expectSums(MOST_NEW_INTEGRATIONS);
    for (const table of ['integration', 'usage_minute', 'usage_hour', 'integration_route']) {
      expect([table, await numberOf(`select count(*) from ${table}`)]).toEqual([
        table,
        MOST_NEW_INTEGRATIONS,
      ]);
    }
    expect(await accounted('quarantined')).toBe(MANY - MOST_NEW_INTEGRATIONS);
    expect(await numberOf(`select count(*) from quarantine where reason = 'too_many_new'`)).toBe(
      MANY - MOST_NEW_INTEGRATIONS,
    );
  }, 120_000);

  it('of 20,000 agreements leave 1,000 in the tables, and calls without agreement still count', async () => {
    const many = 20_000;
    await takeMany((index) => ({ organizationId: index % 10 === 0 ? null : String(index) }), many);
    await expectSums(MOST_NEW_AGREEMENTS + many / 10);
    expect(await numberOf('select count(*) from agreement')).toBe(MOST_NEW_AGREEMENTS + 1);
    expect(await accounted('quarantined')).toBe(many - many / 10 - MOST_NEW_AGREEMENTS);
  }, 60_000);
});

describe('a limit', () => {
  const routes = (from: number, count: number, integrationId = 'isv_a') =>
    Array.from({ length: count }, (_, index) => callOf({ integrationId, route: `/r/${from + index}` }));

  it('of routes in a minute is full again in the next minute of the log, and no routes are left after 1,000', async () => {
    for (let minute = 0; minute < 12; minute += 1) await take(routes(minute * 120, 120), minute);
    expect(await numberOf('select count(*) from integration_route')).toBe(MOST_ROUTES);
    await expectSums(12 * 120);
    expect(await callsOn('*')).toBe(12 * 120 - MOST_ROUTES);
  });

  it('of one integration takes nothing from another, which has its own of the same routes', async () => {
    await take([...routes(0, 150), ...routes(50, 100, 'isv_b')]);
    expect(await callsOn('*')).toBe(50);
    expect(await callsOn('/r/60')).toBe(2);
    expect(await callsOn('/r/149')).toBe(1);
    await expectSums(250);
  });

  it('does not hold for what is known: a known route, agreement and integration count in a minute that is full', async () => {
    await take([callOf({ route: '/known', organizationId: 'old' })]);
    await take(routes(0, MOST_NEW_ROUTES), 1);
    await take(
      [...routes(500, 1), callOf({ route: '/known', organizationId: 'old' }), callOf({ route: '*' })],
      1,
    );
    expect([await callsOn('/known'), await callsOn('/r/500'), await callsOn('*')]).toEqual([2, 0, 2]);
    expect(await accounted('quarantined')).toBe(0);
  });

  it('holds over processes: another one, which remembers nothing, finds the minute full', async () => {
    await take(routes(0, MOST_NEW_ROUTES));
    await handTo(newProcess(), [...routes(0, 1), ...routes(700, 1)]);
    expect([await callsOn('/r/0'), await callsOn('*')]).toEqual([2, 1]);
  });

  it('is none for an event that a person asks for again out of quarantine', async () => {
    const metering = await startMetering();
    try {
      const events = Array.from({ length: MOST_NEW_INTEGRATIONS + 1 }, (_, index) =>
        callOf({ integrationId: `isv_${index}` }),
      );
      const record = recordOf(events[0]!);
      const headers = { 'content-type': 'application/cloudevents-batch+json' };
      const value = new TextEncoder().encode(JSON.stringify(events));
      await metering.rooms.producer.append([{ ...record, headers, value }]);
      await metering.rooms.settle();
      const items = await metering.sql<{ reason: string }>(
        'select topic, partition, "offset", index, reason from quarantine',
      );
      expect(items.map(({ reason }) => reason)).toEqual(['too_many_new']);
      const [{ reason: _reason, ...item }] = items as [{ reason: string }];
      const { body } = await metering.rooms.call('ops', 'POST', '/v1/quarantine/replay', {
        body: { room: 'metering', reason: 'a new partner, with many', items: [item] },
      });
      expect(body.items).toMatchObject([{ outcome: 'counted' }]);
      const [row] = await metering.sql<{ calls: number; routes: number }>(
        'select sum(calls)::integer as calls, count(distinct route)::integer as routes from usage_hour',
      );
      expect(row).toEqual({ calls: MOST_NEW_INTEGRATIONS + 1, routes: 1 });
    } finally {
      await metering.rooms.stop();
    }
  });
});
