import { TOPICS } from '@taxameter/contracts';
import { describeWithKafka } from '../testing/index.js';
import { call, record } from './contract/event-log.contract.js';
import {
  deleteRecordsBelow,
  kafkaHomeForEach,
  untilTrue,
  type KafkaRooms,
} from './contract/kafka-rooms.testing.js';
import { partitionForKey } from './partition-for-key.js';

/** The database says where a room goes on; Kafka's own idea of it, and kafkajs's silent jumps, do not count. */

const API = TOPICS.apiCalls;
const KEY = 'isv_a|1';
const PARTITION = partitionForKey(KEY, API.partitions);
const OTHER_KEY = ['isv_b|2', 'isv_c|3', 'isv_d|4', 'isv_e|5'].find(
  (key) => partitionForKey(key, API.partitions) !== PARTITION,
)!;

describeWithKafka('the position', (brokers) => {
  const home = kafkaHomeForEach(brokers);
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
    const first = await home.start();
    await first.producer.append([record(KEY, call('read', '/read'))]);
    await first.settle();
    await setPosition(first, 0);
    await first.stop();
    await deleteRecordsBelow(home.admin, home.prefix + API.name, { partition: PARTITION, offset: 1 });
    const again = await home.start();
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
    const first = await home.start();
    await first.producer.append([record(KEY, call('read', '/read'))]);
    await first.settle();
    await setPosition(first, 7);
    await first.stop();
    const again = await home.start();
    await untilTrue(() => statusOf(again).state === 'gap');
    expect(statusOf(again).reason).toMatch(/goes on at 7 but the log ends at 1/);
  });

  it("counts, not what Kafka keeps for the group: records before Kafka's offset are read", async () => {
    const first = await home.start();
    await first.producer.append([record(KEY, call('one', '/one')), record(KEY, call('two', '/two'))]);
    await first.settle();
    await first.stop();
    await home.replaceDatabase();
    const restored = await home.start();
    await restored.settle();
    expect(await whats(restored)).toEqual(['/one', '/two']);
  });

  it("counts, not what Kafka keeps for the group: records behind Kafka's offset are not read twice", async () => {
    const first = await home.start();
    await first.producer.append([record(KEY, call('one', '/one')), record(KEY, call('two', '/two'))]);
    await first.settle();
    await first.stop();
    await home.admin.setOffsets({
      groupId: `${home.prefix}taxameter-probe`,
      topic: home.prefix + API.name,
      partitions: [{ partition: PARTITION, offset: '0' }],
    });
    const again = await home.start();
    await again.producer.append([record(KEY, call('three', '/three'))]);
    await again.settle();
    expect(await whats(again)).toEqual(['/one', '/two', '/three']);
    const { partitions } = await again.system.accounting();
    expect(partitions.find(({ read }) => read > 0)).toMatchObject({ read: 3, counted: 3, duplicate: 0 });
  });

  it('that another reader has moved fences a batch, and reading goes on behind what that one took', async () => {
    const running = await home.start();
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
