import { TOPICS } from '@taxameter/contracts';
import { auditRooms } from '../audit/audit.service.js';
import { parseConfiguration } from '../configuration.js';
import { call, record } from '../event-log/contract/event-log.contract.js';
import {
  deleteRecordsBelow,
  kafkaHomeForEach,
  untilTrue,
  type KafkaRooms,
} from '../event-log/contract/kafka-rooms.testing.js';
import { probeRoom } from '../event-log/contract/probe-room.consumer.js';
import { OFFSETS_PER_GENERATION } from '../event-log/log-position.js';
import { partitionForKey } from '../event-log/partition-for-key.js';
import { describeWithKafka, startTestRooms } from '../testing/index.js';
import type { ListedConsumer } from './consumer-routes.js';

/** From the gap to reading on, over the API, while the reader runs. */

const API = TOPICS.apiCalls;
const KEY = 'isv_a|1';
const PARTITION = partitionForKey(KEY, API.partitions);
const SECONDS = 8_000;

describeWithKafka('a decision at a gap of Kafka', (brokers) => {
  const home = kafkaHomeForEach(brokers);
  const restartAfter = async (first: KafkaRooms, change: () => Promise<unknown>) => {
    await first.stop();
    await change();
    const again = await home.start();
    await untilTrue(async () => (await consumerOf(again)).state === 'gap');
    return again;
  };
  const consumerOf = async (of: KafkaRooms): Promise<ListedConsumer> => {
    const { body } = await of.call('ops', 'GET', '/v1/consumers');
    const items = body.items as ListedConsumer[];
    return items.find(({ topic, partition }) => topic === API.name && partition === PARTITION)!;
  };
  const decide = (of: KafkaRooms, kind: string, continueAt: number, offset: number) =>
    of.call('ops', 'POST', '/v1/consumers/decisions', {
      body: {
        ...{ room: 'probe', topic: API.name, partition: PARTITION, kind, continueAt },
        ...{ seen: { generation: 0, offset }, reason: 'agreed with the platform, case 17' },
      },
    });
  const effects = (of: KafkaRooms) =>
    of.databases
      .get('probe')!
      .query<{ what: string; offset: number }[]>('select what, "offset" from effect order by "offset"');
  const append = async (of: KafkaRooms, ...routes: string[]) => {
    for (const route of routes) await of.producer.append([record(KEY, call(route, route))]);
  };
  const expectCleanAudit = async (note: RegExp) => {
    const report = await auditRooms(
      [probeRoom],
      parseConfiguration({
        ...{ DATABASE_URL: home.databaseUrl, FIXED_CLOCK: '2026-10-05T08:00:00Z' },
        ...{ KAFKA_BROKERS: brokers(), TOPIC_PREFIX: home.prefix },
      }),
    );
    expect(report.differences).toEqual([]);
    expect(report.notes.map(({ detail }) => detail)).toContainEqual(expect.stringMatching(note));
  };

  it('skips what retention took, and reads on by itself within seconds', async () => {
    const first = await home.start();
    await append(first, '/0');
    await first.settle();
    const again = await restartAfter(first, async () => {
      const writer = await home.start([]);
      await append(writer, '/1', '/2', '/3');
      await writer.stop();
      await deleteRecordsBelow(home.admin, home.prefix + API.name, { partition: PARTITION, offset: 3 });
    });
    expect(await consumerOf(again)).toMatchObject({
      ...{ gap: 'lost', position: 1, logBegin: 3, logEnd: 4, lag: 3 },
      reason: 'the database goes on at 1 but the log begins at 3: records are lost',
    });
    expect((await decide(again, 'skip-lost', 2, 1)).body.detail).toContain('continue at 3');
    const decided = await decide(again, 'skip-lost', 3, 1);
    expect([decided.status, decided.body.skipped]).toEqual([200, 2]);
    await untilTrue(async () => (await consumerOf(again)).state === 'running', SECONDS);
    await append(again, '/4');
    await again.settle();
    expect((await effects(again)).map(({ what }) => what)).toEqual(['/0', '/3', '/4']);
    const { partitions } = (await again.call('finance', 'GET', '/v1/accounting')).body;
    expect(partitions.find(({ read }: { read: number }) => read > 0)).toMatchObject({
      ...{ read: 3, counted: 3, skipped: 2, nextOffset: 5, lag: 0 },
    });
    await expectCleanAudit(/these offsets were lost and given up: decided by ops/);
  });

  it('is not needed where partitions were added to the calls: they are read from their beginning', async () => {
    const first = await home.start();
    const topic = home.prefix + API.name;
    await home.admin.createPartitions({ topicPartitions: [{ topic, count: API.partitions + 2 }] });
    await first.stop();
    const again = await home.start();
    await again.producer.append([{ ...record(KEY, call('x', '/added')), partition: API.partitions + 1 }]);
    await again.settle();
    expect((await effects(again)).map(({ what }) => what)).toEqual(['/added']);
    const added = again.system.consumers().filter(({ partition }) => partition >= API.partitions);
    expect(added.map(({ state }) => state)).toEqual(['running', 'running']);
  });

  it('is refused for SMS while partitions are there that were not agreed, and the room stands still', async () => {
    const first = await home.start();
    const topicPartitions = [
      { topic: home.prefix + TOPICS.smsSent.name, count: TOPICS.smsSent.partitions + 2 },
    ];
    await home.admin.createPartitions({ topicPartitions });
    await first.stop();
    const settings = { KAFKA_BROKERS: brokers(), TOPIC_PREFIX: home.prefix };
    const { databaseUrl, prefix } = home;
    const still = { ...(await startTestRooms([probeRoom], { databaseUrl, settings })), prefix };
    home.after(() => still.stop());
    await untilTrue(() => still.system.consumers().every(({ reason }) => reason?.includes('never changed')));
    const answer = await still.call('ops', 'POST', '/v1/consumers/decisions', {
      body: {
        ...{ room: 'probe', topic: TOPICS.smsSent.name, partition: 0, kind: 'new-log', continueAt: 0 },
        ...{ seen: { generation: 0, offset: 0 }, reason: 'more readers' },
      },
    });
    expect([answer.status, answer.body.type]).toEqual([409, 'urn:taxameter:problem:partitions-differ']);
  });

  it('reads a topic that was made anew from its beginning, with keys of its own, and again after a restart', async () => {
    const first = await home.start();
    await append(first, '/0', '/1', '/2');
    await first.settle();
    const again = await restartAfter(first, async () => {
      const topic = home.prefix + API.name;
      await home.admin.deleteTopics({ topics: [topic] });
      await untilTrue(async () => !(await home.admin.listTopics()).includes(topic));
    });
    await append(again, '/2', '/new');
    expect(await consumerOf(again)).toMatchObject({ gap: 'another_log', generation: 0, position: 3 });
    expect((await decide(again, 'skip-lost', 2, 3)).status).toBe(409);
    expect((await decide(again, 'new-log', 0, 3)).status).toBe(200);
    await untilTrue(async () => (await consumerOf(again)).state === 'running', SECONDS);
    await again.settle();
    await again.stop();
    const restarted = await home.start();
    await append(restarted, '/after');
    await restarted.settle();
    expect((await effects(restarted)).map(({ what, offset }) => [what, offset])).toEqual([
      ...[
        ['/0', 0],
        ['/1', 1],
        ['/2', 2],
      ],
      ...[
        ['/new', OFFSETS_PER_GENERATION + 1],
        ['/after', OFFSETS_PER_GENERATION + 2],
      ],
    ]);
    expect(await consumerOf(restarted)).toMatchObject({
      state: 'running',
      generation: 1,
      position: 3,
      lag: 0,
    });
    await expectCleanAudit(/generation 1 is read from 0/);
  });
});
