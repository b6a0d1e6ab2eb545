import { TOPICS } from '@taxameter/contracts';
import type { Admin } from 'kafkajs';
import { createTestDatabase, describeWithKafka, type TestDatabase } from '../testing/index.js';
import { createLogger } from '../logging.service.js';
import { call, record } from './contract/event-log.contract.js';
import { newPrefix, startKafkaRooms, untilTrue, type KafkaRooms } from './contract/kafka-rooms.testing.js';
import { probeRoom } from './contract/probe-room.consumer.js';
import { kafkaClient } from './kafka-client.service.js';
import { partitionForKey } from './partition-for-key.js';

/** The database says where a room goes on; Kafka's own idea of it, and kafkajs's silent jumps, do not count. */

const API = TOPICS.apiCalls;
const KEY = 'isv_a|1';
const PARTITION = partitionForKey(KEY, API.partitions);
const OTHER_KEY = ['isv_b|2', 'isv_c|3', 'isv_d|4', 'isv_e|5'].find(
  (key) => partitionForKey(key, API.partitions) !== PARTITION,
)!;

describeWithKafka('the position', (brokers) => {
  let database: TestDatabase;
  let admin: Admin;
  let prefix = '';
  let rooms: KafkaRooms | undefined;

  beforeEach(async () => {
    database = await createTestDatabase();
    prefix = newPrefix();
    const settings = { brokers: brokers().split(','), prefix, ssl: false, login: null };
    admin = kafkaClient(settings, 'spec', createLogger('silent')).admin();
    await admin.connect();
  });

  afterEach(async () => {
    await rooms?.stop();
    rooms = undefined;
    await admin.disconnect();
    await database.drop();
  });

  const start = async () =>
    (rooms = await startKafkaRooms([probeRoom], brokers(), { prefix, databaseUrl: database.url }));
  const stop = async () => {
    await rooms?.stop();
    rooms = undefined;
  };
  const statusOf = (of: KafkaRooms, partition = PARTITION) =>
    of.system.consumers().find((row) => row.topic === API.name && row.partition === partition)!;
  const whats = async (of: KafkaRooms) =>
    (await of.databases.get('probe')!.query<{ what: string }[]>('select what from effect')).map(
      ({ what }) => what,
    );
  const setPosition = (of: KafkaRooms, position: number) =>
    of.databases
      .get('probe')!
      .query('update consumer_position set next_offset = $3 where topic = $1 and partition = $2', [
        API.name,
        PARTITION,
        position,
      ]);

  it('below the beginning of the log is a gap: that partition stands still, the others go on', async () => {
    const first = await start();
    await first.producer.append([record(KEY, call('read', '/read'))]);
    await first.settle();
    await setPosition(first, 0);
    await stop();
    const name = prefix + API.name;
    // kafkajs knows the leader only of topics that it was asked for.
    await admin.fetchTopicOffsets(name);
    await admin.deleteTopicRecords({ topic: name, partitions: [{ partition: PARTITION, offset: '1' }] });
    const again = await start();
    await untilTrue(() => statusOf(again).state === 'gap');
    expect(statusOf(again).reason).toMatch(/goes on at 0 but the log begins at 1/);
    await again.producer.append([
      record(KEY, call('waits', '/waits')),
      record(OTHER_KEY, call('goes on', '/goes-on')),
    ]);
    await untilTrue(async () => (await whats(again)).includes('/goes-on'));
    expect(await whats(again)).toEqual(['/read', '/goes-on']);
    expect(statusOf(again).state).toBe('gap');
    expect((await again.call('anonymous', 'GET', '/health/ready')).status).toBe(503);
  });

  it('beyond the end of the log is another log, not one to begin anew silently', async () => {
    const first = await start();
    await first.producer.append([record(KEY, call('read', '/read'))]);
    await first.settle();
    await setPosition(first, 7);
    await stop();
    const again = await start();
    await untilTrue(() => statusOf(again).state === 'gap');
    expect(statusOf(again).reason).toMatch(/goes on at 7 but the log ends at 1/);
  });

  it("counts, not what Kafka keeps for the group: records before Kafka's offset are read", async () => {
    const first = await start();
    await first.producer.append([record(KEY, call('one', '/one')), record(KEY, call('two', '/two'))]);
    await first.settle();
    await stop();
    await database.drop();
    database = await createTestDatabase();
    const restored = await start();
    await restored.settle();
    expect(await whats(restored)).toEqual(['/one', '/two']);
  });

  it("counts, not what Kafka keeps for the group: records behind Kafka's offset are not read twice", async () => {
    const first = await start();
    await first.producer.append([record(KEY, call('one', '/one')), record(KEY, call('two', '/two'))]);
    await first.settle();
    await stop();
    await admin.setOffsets({
      groupId: `${prefix}taxameter-probe`,
      topic: prefix + API.name,
      partitions: [{ partition: PARTITION, offset: '0' }],
    });
    const again = await start();
    await again.producer.append([record(KEY, call('three', '/three'))]);
    await again.settle();
    expect(await whats(again)).toEqual(['/one', '/two', '/three']);
    const { partitions } = await again.system.accounting();
    expect(partitions.find(({ read }) => read > 0)).toMatchObject({ read: 3, counted: 3, duplicate: 0 });
  });

  it('that another reader has moved fences a batch, and reading goes on behind what that one took', async () => {
    const running = await start();
    await running.producer.append([record(KEY, call('zero', '/zero'))]);
    await running.settle();
    // As another process would, whose member was not yet thrown out of the group: it took offset 1.
    await setPosition(running, 2);
    await running.producer.append([
      record(KEY, call('one', '/taken-by-the-other')),
      record(KEY, call('two', '/two')),
    ]);
    await running.settle();
    expect(await whats(running)).toEqual(['/zero', '/two']);
    expect(statusOf(running)).toMatchObject({ state: 'running', nextOffset: 3 });
  });
});
