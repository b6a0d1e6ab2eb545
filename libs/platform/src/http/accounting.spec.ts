import { TOPICS } from '@taxameter/contracts';
import { fixedClock } from '../clock.js';
import { call, record, sms } from '../event-log/contract/event-log.contract.js';
import { startKafkaRooms, untilTrue } from '../event-log/contract/kafka-rooms.testing.js';
import { probe, probeRoom } from '../event-log/contract/probe-room.consumer.js';
import { KafkaLog } from '../event-log/kafka-log.service.js';
import { partitionForKey } from '../event-log/partition-for-key.js';
import { createLogger } from '../logging.service.js';
import { describeWithKafka, runSqlAsOwner, startTestRooms, type TestRooms } from '../testing/index.js';

const API = TOPICS.apiCalls.name;
const PARTITION = partitionForKey('isv_a|1', TOPICS.apiCalls.partitions);

/** Holds the next batch in mid-transaction until it is let go. */
function holdBatches() {
  let letGo = () => {};
  let arrived = false;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  probe.midBatch = () => {
    arrived = true;
    return held;
  };
  return { arrived: () => arrived, letGo };
}

afterEach(() => {
  probe.midBatch = () => undefined;
});

const lagOf = async (rooms: TestRooms) => {
  const { body } = await rooms.call('finance', 'GET', '/v1/accounting');
  const ready = await rooms.call('anonymous', 'GET', '/health/ready');
  const isIt = (row: { topic: string; partition: number }) =>
    row.topic === API && row.partition === PARTITION;
  const { lag, lagSeconds } = body.partitions.find(isIt);
  return { lag, lagSeconds, atHealth: ready.body.consumers.find(isIt)?.lagSeconds };
};

describe('the lag over the table log', () => {
  it('is the age of the oldest record that waits, and 0 when nothing waits', async () => {
    const rooms = await startTestRooms([probeRoom]);
    try {
      expect((await rooms.call('ops', 'GET', '/v1/accounting')).status).toBe(200);
      const batch = holdBatches();
      await rooms.producer.append([record('isv_a|1', call('old'))]);
      await untilTrue(batch.arrived);
      await rooms.producer.append([record('isv_a|1', call('younger'))]);
      await runSqlAsOwner(
        rooms.databaseUrl,
        `update event_log.log_record set appended_at = appended_at - interval '90.5 seconds' where "offset" = 0`,
      );
      expect(await lagOf(rooms)).toEqual({ lag: 2, lagSeconds: 90.5, atHealth: 90.5 });
      expect(await rooms.system.unreadPartitions('probe', API)).toEqual([PARTITION]);
      batch.letGo();
      await rooms.settle();
      expect(await lagOf(rooms)).toEqual({ lag: 0, lagSeconds: 0, atHealth: 0 });
      expect(await rooms.system.unreadPartitions('probe', API)).toEqual([]);
    } finally {
      await rooms.stop();
    }
  });
});

describeWithKafka('the lag over Kafka', (brokers) => {
  it('is the age of the fetched record that waits, 0 when nothing waits, and null where nobody knows', async () => {
    const rooms = await startKafkaRooms([probeRoom], brokers());
    const settings = { brokers: brokers().split(','), prefix: rooms.prefix, ssl: false, login: null };
    const earlier = fixedClock(new Date(rooms.clock.now().getTime() - 90_500));
    const log = new KafkaLog(settings, earlier, createLogger('silent'));
    try {
      const batch = holdBatches();
      await log.append([record('isv_a|1', call('old'))]);
      await untilTrue(batch.arrived);
      expect(await lagOf(rooms)).toEqual({ lag: 1, lagSeconds: 90.5, atHealth: 90.5 });
      batch.letGo();
      await rooms.settle();
      expect(await lagOf(rooms)).toEqual({ lag: 0, lagSeconds: 0, atHealth: 0 });
      expect(await rooms.system.unreadPartitions('probe', API)).toEqual([]);
      await rooms.databases.get('probe')!.query('update consumer_position set next_offset = 0');
      expect(await lagOf(rooms)).toMatchObject({ lag: 1, lagSeconds: null });
      expect(await rooms.system.unreadPartitions('probe', API)).toEqual([PARTITION]);
    } finally {
      await log.close();
      await rooms.stop();
    }
  });
});

describe('GET /v1/accounting/ranges', () => {
  let rooms: TestRooms;
  const PATH = '/v1/accounting/ranges';
  const SMS = TOPICS.smsSent.name;

  beforeAll(async () => {
    rooms = await startTestRooms([probeRoom]);
    for (const id of ['a', 'b', 'c']) {
      await rooms.producer.append([record('isv_a|1', call(id)), record('one-key', sms(id))]);
      await rooms.settle();
    }
  });

  afterAll(() => rooms?.stop());

  const get = (query: Record<string, string>) =>
    rooms.call('finance', 'GET', `${PATH}?${new URLSearchParams(query).toString()}`);
  const placesOf = (body: { items: { topic: string; fromOffset: number; toOffset: number }[] }) =>
    body.items.map(({ topic, fromOffset, toOffset }) => [topic, fromOffset, toOffset]);

  it('gives each committed range once, in order, however small the pages are', async () => {
    const all = await get({});
    expect(all.body.nextCursor).toBeNull();
    const topics = [API, SMS];
    expect(placesOf(all.body)).toEqual(
      topics.flatMap((topic) => [0, 1, 2].map((from) => [topic, from, from + 1])),
    );
    expect(all.body.items[0]).toEqual({
      ...{ room: 'probe', topic: API, partition: PARTITION, generation: 0 },
      ...{ fromOffset: 0, toOffset: 1, kind: 'log' },
      ...{ read: 1, counted: 1, duplicate: 0, quarantined: 0, ignored: 0 },
      committedAt: '2026-10-05T08:00:00.000Z',
    });
    const paged: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null && paged.length < 20;) {
      const { body } = await get({ limit: '2', ...(cursor && { cursor }) });
      paged.push(...body.items);
      cursor = body.nextCursor as string | null;
    }
    expect(paged).toEqual(all.body.items);
  });

  it('narrows to topic, partition, kind and the ranges that touch some offsets', async () => {
    expect(placesOf((await get({ topic: SMS, from: '1', to: '2' })).body)).toEqual([[SMS, 1, 2]]);
    expect(placesOf((await get({ topic: API, from: '1' })).body)).toHaveLength(2);
    expect((await get({ kind: 'replay' })).body.items).toEqual([]);
    const other = String((PARTITION + 1) % TOPICS.apiCalls.partitions);
    expect((await get({ room: 'probe', topic: API, partition: other })).body.items).toEqual([]);
  });

  it('refuses a room of another process, a cursor of its own making, and a partner', async () => {
    const elsewhere = await get({ room: 'billing' });
    expect([elsewhere.status, elsewhere.body.detail]).toEqual([
      404,
      expect.stringContaining('billing does not run in this process, which runs probe'),
    ]);
    expect((await get({ cursor: 'W10' })).body.type).toBe('urn:taxameter:problem:invalid-cursor');
    expect((await rooms.call('partner', 'GET', PATH, { partnerId: 'par_1' })).status).toBe(403);
  });
});
