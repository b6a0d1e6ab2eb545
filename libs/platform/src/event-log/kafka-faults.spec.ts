import { TOPICS } from '@taxameter/contracts';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import {
  createTestDatabase,
  describeWithKafka,
  describeWithOwnKafka,
  startTestBroker,
} from '../testing/index.js';
import { call, record } from './contract/event-log.contract.js';
import {
  cleanedUpAfterEach,
  newPrefix,
  startKafkaRooms,
  untilTrue,
  type KafkaRooms,
} from './contract/kafka-rooms.testing.js';
import { faultMoments, faultRounds } from '../testing/fault-rounds.service.js';
import { probe, probeRoom } from './contract/probe-room.consumer.js';
import type { EventLogProducer } from './record.js';

/** Processes and brokers that are killed while events flow: each event counts once, and none is missing. */

const KILL_ROUNDS = faultRounds(3);
const KILL_ROUNDS_AT_POINT = faultRounds(1);
const RESTARTS = faultRounds(1);
const moment = faultMoments();
const SLOW_MS = 200;
const KEYS = ['isv_a|1', 'isv_b|2', 'isv_c|3', 'isv_d|4', 'isv_e|5', 'isv_f|6'];
const after = cleanedUpAfterEach();
const FIXTURE = join(import.meta.dirname, 'contract/probe-process.fixture.mjs');

/** Writes events until it is stopped; an event whose write failed is written again until it is acknowledged. */
function writeEvents(producer: EventLogProducer, name: string): { stop(): Promise<string[]> } {
  let stopped = false;
  const acknowledged: string[] = [];
  const write = async () => {
    for (let number = 0; !stopped; number += 1) {
      const routes = KEYS.map((_, index) => `/${name}/${number}/${index}`);
      const records = KEYS.map((key, index) => record(key, call(routes[index]!, routes[index])));
      for (;;) {
        try {
          await producer.append(records);
          break;
        } catch {
          await sleep(200);
        }
      }
      acknowledged.push(...routes);
      await sleep(20);
    }
    return acknowledged;
  };
  const done = write();
  return {
    stop: () => {
      stopped = true;
      return done;
    },
  };
}

/** @param withinMs for what nobody could read meanwhile: partitions of a process that is killed again and again gather a backlog */
async function expectExactly(rooms: KafkaRooms, routes: readonly string[], withinMs = 20_000): Promise<void> {
  await rooms.settle(withinMs);
  const database = rooms.databases.get('probe')!;
  const rows = await database.query<{ what: string }[]>('select what from effect');
  expect(rows.map(({ what }) => what).sort()).toEqual([...routes].sort());
  await expectTiled(database);
}

/** The ranges of the accounting follow one another without hole or overlap, up to the position. */
async function expectTiled(database: DataSource): Promise<void> {
  const wrong = await database.query<unknown[]>(
    `select * from (
       select topic, partition, from_offset, to_offset, next_offset,
              lag(to_offset, 1, 0::bigint) over (partition by topic, partition order by from_offset) as expected,
              max(to_offset) over (partition by topic, partition) as furthest
       from consumer_accounting join consumer_position using (topic, partition)) as row
     where from_offset <> expected or furthest <> next_offset`,
  );
  expect(wrong).toEqual([]);
}

describeWithKafka('a process that reads', (brokers) => {
  const startProcess = (settings: Record<string, unknown>): ChildProcess => {
    const child = spawn(process.execPath, [FIXTURE, JSON.stringify(settings)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    after(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    });
    return child;
  };
  const says = async (child: ChildProcess, word: string, times = 1) => {
    let heard = '';
    for await (const chunk of child.stdout!.iterator({ destroyOnReturn: false })) {
      heard += String(chunk);
      if (heard.split(word).length > times) return;
    }
    throw new Error(`the process ended without saying ${word}: ${heard}`);
  };

  /** Kills a process once for each round, after it has said a word, while another one reads beside it. */
  const killAt = async (word: string, rounds: number, pauseMs = 0) => {
    const database = await createTestDatabase();
    after(() => database.drop());
    const prefix = newPrefix();
    const rooms = await startKafkaRooms([probeRoom], brokers(), { prefix, databaseUrl: database.url });
    after(() => rooms.stop());
    const events = writeEvents(rooms.producer, word);
    after(() => events.stop());
    const settings = {
      DATABASE_URL: database.url,
      KAFKA_BROKERS: brokers(),
      TOPIC_PREFIX: prefix,
      FIXED_CLOCK: '2026-10-05T08:00:00Z',
      LOG_LEVEL: 'fatal',
      PORT: '0',
      ...(word === 'mid-batch' ? { slowMs: SLOW_MS } : { stopAt: word }),
    };
    for (let round = 0; round < rounds; round += 1) {
      const child = startProcess(settings);
      await says(child, word, pauseMs > 0 ? 1 + moment(4) : 1);
      if (pauseMs > 0) await sleep(moment(pauseMs));
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await expectExactly(rooms, await events.stop(), 20_000 + rounds * 1_000);
  };

  it(
    `may be killed with -9 in mid-batch ${KILL_ROUNDS} times, and each event counts once`,
    () => killAt('mid-batch', KILL_ROUNDS, SLOW_MS),
    60_000 + KILL_ROUNDS * 20_000,
  );

  it.each([
    ['before the first statement of a batch', 'unwritten'],
    ['while PostgreSQL runs a statement of a batch', 'writing'],
    ['between the commit of PostgreSQL and that of Kafka', 'committed'],
  ])(
    `may be killed with -9 %s ${KILL_ROUNDS_AT_POINT} times, and each event counts once`,
    (_, word) => killAt(word, KILL_ROUNDS_AT_POINT),
    60_000 + KILL_ROUNDS_AT_POINT * 20_000,
  );

  it('shares the partitions with another one, is relieved within two seconds, and none is read by both', async () => {
    const database = await createTestDatabase();
    after(() => database.drop());
    const prefix = newPrefix();
    const one = await startKafkaRooms([probeRoom], brokers(), { prefix, databaseUrl: database.url });
    after(() => one.stop());
    const events = writeEvents(one.producer, 'shared');
    after(() => events.stop());
    const two = await startKafkaRooms([probeRoom], brokers(), { prefix, databaseUrl: database.url });
    after(() => two.stop());
    const readBy = (rooms: KafkaRooms) =>
      rooms.system.consumers().map((row) => `${row.topic} ${row.partition}`);
    const all = TOPICS.apiCalls.partitions + TOPICS.smsSent.partitions + TOPICS.partners.partitions;
    await untilTrue(() => new Set([...readBy(one), ...readBy(two)]).size === all && readBy(one).length < all);
    expect(readBy(one).filter((name) => readBy(two).includes(name))).toEqual([]);
    const began = performance.now();
    await two.stop();
    expect(performance.now() - began).toBeLessThan(2_000);
    await untilTrue(() => readBy(one).length === all, 5_000, 'taking over');
    await expectExactly(one, await events.stop());
  });

  it('keeps its partitions while a statement takes longer than the session', async () => {
    const database = await createTestDatabase();
    after(() => database.drop());
    const prefix = newPrefix();
    const [one, two] = [
      await startKafkaRooms([probeRoom], brokers(), { prefix, databaseUrl: database.url }),
      await startKafkaRooms([probeRoom], brokers(), { prefix, databaseUrl: database.url }),
    ];
    after(() => Promise.all([one.stop(), two.stop()]));
    const shares = () => [one, two].map((rooms) => rooms.system.consumers().length);
    await untilTrue(() => shares().every((count) => count > 0 && count < 9));
    const before = shares();
    after(() => (probe.midBatch = () => undefined));
    let isWriting = false;
    probe.midBatch = async () => {
      isWriting = true;
      await sleep(9_000);
      isWriting = false;
    };
    await one.producer.append([record(KEYS[0]!, call('slow', '/slow'))]);
    await untilTrue(() => isWriting);
    while (isWriting) {
      expect(shares()).toEqual(before);
      await sleep(100);
    }
    await expectExactly(one, ['/slow']);
  });
});

describeWithOwnKafka('a broker', () => {
  it(
    'may be killed and come back while events flow, and each event counts once',
    async () => {
      const broker = await startTestBroker();
      after(() => broker.stop());
      const rooms = await startKafkaRooms([probeRoom], broker.brokers);
      after(() => rooms.stop());
      const events = writeEvents(rooms.producer, 'restarted');
      after(() => events.stop());
      for (let round = 0; round < RESTARTS; round += 1) {
        await sleep(500 + moment(1_000));
        await broker.nodes[0]!.kill('SIGKILL');
        await untilTrue(async () => (await rooms.call('anonymous', 'GET', '/health/ready')).status === 503);
        // So long that kafkajs gives up and its consumers crash.
        const areOut = () =>
          rooms.system.consumers().every(({ reason }) => reason?.includes('no Kafka broker answers'));
        await untilTrue(areOut, 40_000, 'giving up');
        await broker.nodes[0]!.restart();
        await untilTrue(
          async () => (await rooms.call('anonymous', 'GET', '/health/ready')).status === 200,
          60_000,
          'ready',
        );
      }
      await expectExactly(rooms, await events.stop());
    },
    30_000 + RESTARTS * 120_000,
  );
});
