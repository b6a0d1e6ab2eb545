import { TOPICS } from '@taxameter/contracts';
import type { Kafka } from 'kafkajs';
import { describeWithKafka } from '../testing/index.js';
import { call, record } from './contract/event-log.contract.js';
import { specKafka, startKafkaRooms, untilTrue, type KafkaRooms } from './contract/kafka-rooms.testing.js';
import { probeRoom } from './contract/probe-room.consumer.js';
import { STRUCTURED_CONTENT_TYPE } from './record.js';

/** What other hands could write into Kafka. Each is counted, and the partition goes on behind it. */

const API = TOPICS.apiCalls.name;
const KEY = 'isv_a|1';
const bytes = (text: string) => new TextEncoder().encode(text);
const minuteAgo = () => new Date(Date.now() - 60_000).toISOString();

describeWithKafka('over Kafka', (brokers) => {
  let rooms: KafkaRooms;
  let kafka: Kafka;

  beforeAll(async () => {
    // With the log's own time, as in production; a record of 5 MB fits.
    rooms = await startKafkaRooms([probeRoom], brokers(), {
      asAgreed: true,
      topicSettings: { 'max.message.bytes': '6000000' },
    });
    kafka = specKafka(brokers());
  });

  afterAll(() => rooms?.stop());

  const probeRows = (table: 'effect' | 'quarantine') =>
    rooms.databases
      .get('probe')!
      .query<Record<string, unknown>[]>(`select * from ${table} order by partition, "offset", index`);
  const partitionOf = async (topic: string) => {
    const { partitions } = await rooms.system.accounting();
    return partitions.filter((row) => row.topic === topic && row.read > 0);
  };
  const allRun = () => rooms.system.consumers().every(({ state }) => state === 'running');

  it.each([
    ['bytes that are no UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22]), 'not_json'],
    ['an empty value', new Uint8Array(0), 'not_json'],
    ['5 MB of brackets', bytes('['.repeat(5_000_000)), 'not_json'],
    [
      'an event of 5 MB',
      bytes(JSON.stringify({ ...call('5MB'), type: 'x'.repeat(5_000_000) })),
      'unknown_type',
    ],
  ])('%s are quarantined whole, and what is behind them is counted', async (_, value, reason) => {
    await rooms.databases.get('probe')!.query('delete from quarantine');
    await rooms.databases.get('probe')!.query('delete from effect');
    const bad = record(KEY, value, STRUCTURED_CONTENT_TYPE, TOPICS.apiCalls);
    await rooms.producer.append([bad, record(KEY, call(`behind ${_}`, '/behind', minuteAgo()))]);
    await rooms.settle();
    const [row, ...more] = await probeRows('quarantine');
    expect(more).toEqual([]);
    expect(row).toMatchObject({ reason });
    expect((row!['bytes'] as Buffer).equals(Buffer.from(value))).toBe(true);
    expect(await probeRows('effect')).toMatchObject([{ what: '/behind' }]);
    expect(allRun()).toBe(true);
  });

  it('a tombstone is ignored and accounted', async () => {
    const before = await partitionOf(TOPICS.partners.name);
    expect(before).toEqual([]);
    await rooms.producer.append([
      { topic: TOPICS.partners.name, partition: 0, key: 'partner|gone', headers: {}, value: null },
    ]);
    await rooms.settle();
    expect(await partitionOf(TOPICS.partners.name)).toMatchObject([{ read: 1, ignored: 1, nextOffset: 1 }]);
  });

  it("lateness is judged by the broker's clock, whatever the producer says it is", async () => {
    await rooms.databases.get('probe')!.query('delete from quarantine');
    await rooms.databases.get('probe')!.query('delete from effect');
    const old = '2020-01-01T00:00:00Z';
    const producer = kafka.producer({ createPartitioner: () => (args) => args.message.partition! });
    await producer.connect();
    const { partition, headers, key } = record(KEY, call('x'));
    await producer.send({
      topic: rooms.prefix + API,
      messages: [call('old', '/old', old), call('new', '/new', minuteAgo())].map((event) => ({
        partition,
        key,
        headers: { ...headers },
        value: JSON.stringify(event),
        timestamp: String(Date.parse(old)),
      })),
    });
    await producer.disconnect();
    await rooms.settle();
    expect(await probeRows('effect')).toMatchObject([{ what: '/new' }]);
    const [late] = await probeRows('quarantine');
    expect(late).toMatchObject({ reason: 'too_late' });
    expect(Math.abs((late!['appended_at'] as Date).getTime() - Date.now())).toBeLessThan(60_000);
  });

  it('a header that is there twice or is no text does no harm', async () => {
    await rooms.databases.get('probe')!.query('delete from effect');
    const producer = kafka.producer({ createPartitioner: () => (args) => args.message.partition! });
    await producer.connect();
    const { partition, key } = record(KEY, call('x'));
    const value = JSON.stringify(call('headers', '/headers', minuteAgo()));
    const headers = {
      'content-type': ['text/plain', STRUCTURED_CONTENT_TYPE],
      raw: Buffer.from([0xff, 0x00]),
      ['__proto__']: 'x',
    };
    await producer.send({ topic: rooms.prefix + API, messages: [{ partition, key, headers, value }] });
    await producer.disconnect();
    await rooms.settle();
    expect(await probeRows('effect')).toMatchObject([{ what: '/headers' }]);
  });

  it('a record that is too large for the topic is refused with a sentence that says what to do', async () => {
    const large = record(KEY, new Uint8Array(6_100_000), STRUCTURED_CONTENT_TYPE, TOPICS.apiCalls);
    await expect(rooms.producer.append([large])).rejects.toThrow(
      /larger than the topic takes: .*max\.message/,
    );
  });

  it('a record without key is refused by a compacted topic with a sentence', async () => {
    const bare = { topic: TOPICS.partners.name, partition: 0, key: null, headers: {}, value: bytes('{}') };
    await expect(rooms.producer.append([bare])).rejects.toThrow(
      /compacted topic takes no record without key/,
    );
  });

  it('a partition that the topic does not have is not taken for written', async () => {
    const nowhere = { ...record(KEY, call('nowhere')), partition: 99 };
    await expect(rooms.producer.append([nowhere])).rejects.toThrow(/did not say that .* 99 was written/);
  });

  // Last: it stops the room.
  it('a batch packed with zstd stops the room with a sentence, and the process is not ready', async () => {
    const admin = kafka.admin();
    await admin.connect();
    const name = rooms.prefix + API;
    const configEntries = [
      { name: 'compression.type', value: 'zstd' },
      { name: 'message.timestamp.type', value: 'LogAppendTime' },
    ];
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name, configEntries }] });
    await admin.disconnect();
    // A broker takes a changed setting up a little later than it answers: records go on until one was packed.
    let sent = 0;
    await untilTrue(async () => {
      sent += 1;
      await rooms.producer.append([record(KEY, call(`packed ${sent}`, '/packed', minuteAgo()))]);
      return rooms.system.consumers().every(({ state }) => state === 'stopped');
    });
    expect(rooms.system.consumers()[0]!.reason).toMatch(
      /codec that this process cannot read.*compression.type=gzip/,
    );
    expect((await rooms.call('anonymous', 'GET', '/health/ready')).status).toBe(503);
  });
});
