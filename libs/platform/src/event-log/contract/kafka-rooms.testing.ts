import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import type { Admin, Kafka } from 'kafkajs';
import { createLogger } from '../../logging.service.js';
import type { Room } from '../../room.js';
import { createTestDatabase, startTestRooms, type TestRooms } from '../../testing/index.js';
import { kafkaClient } from '../kafka-client.service.js';
import { createTopics } from '../kafka-topics.service.js';
import { probeRoom } from './probe-room.consumer.js';

/** Rooms on a real Kafka for a spec, with topics of their own. */

const JOIN_MS = 30_000;

export interface KafkaRooms extends TestRooms {
  /** `TOPIC_PREFIX` of these rooms. */
  readonly prefix: string;
  readonly databaseUrl: string;
}

export function newPrefix(): string {
  return `spec-${randomBytes(4).toString('hex')}.`;
}

/**
 * The rooms' clock stands still, so the log's time is theirs too: topics with CreateTime take it from the producer. Records of
 * that day would soon be deleted by age, so nothing is. `asAgreed` makes the topics as in production.
 */
export async function startKafkaRooms(
  rooms: readonly Room[],
  brokers: string,
  options: {
    asAgreed?: boolean;
    prefix?: string;
    databaseUrl?: string;
    topicSettings?: Record<string, string>;
    settings?: Record<string, string>;
  } = {},
): Promise<KafkaRooms> {
  const prefix = options.prefix ?? newPrefix();
  const standing = { 'message.timestamp.type': 'CreateTime', 'retention.ms': '-1' };
  await createTopics({
    brokers: brokers.split(','),
    prefix,
    settings: { ...(options.asAgreed ? {} : standing), ...options.topicSettings },
  });
  const running = await startTestRooms(rooms, {
    settings: {
      KAFKA_BROKERS: brokers,
      TOPIC_PREFIX: prefix,
      ...(options.asAgreed ? { FIXED_CLOCK: '' } : {}),
      ...options.settings,
    },
    ...(options.databaseUrl === undefined ? {} : { databaseUrl: options.databaseUrl }),
  });
  await untilTrue(() => running.system.consumers().every(({ state }) => state !== 'joining'), JOIN_MS);
  return { ...running, prefix };
}

/** Looks every 20 ms. @throws Error when it did not become true in time */
export async function untilTrue(
  condition: () => boolean | Promise<boolean>,
  withinMs = 20_000,
  what = 'it',
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what} did not happen within ${withinMs} ms`);
    await sleep(20);
  }
}

/** What a spec has started is ended after it, newest first, also when it fails: a run must not hang on a red spec. */
export function cleanedUpAfterEach(): (cleanUp: () => unknown) => void {
  const cleanUps: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse())
      await Promise.resolve(cleanUp()).catch(() => undefined);
  });
  return (cleanUp) => void cleanUps.push(cleanUp);
}

/** A client of the spec itself, which says nothing. */
export function specKafka(brokers: string): Kafka {
  const settings = { brokers: brokers.split(','), prefix: '', ssl: false, login: null };
  return kafkaClient(settings, 'spec', createLogger('silent'));
}

/** Takes the records of a partition below an offset away, as retention does. `topic` is the name on Kafka, with its prefix. */
export async function deleteRecordsBelow(
  admin: Admin,
  topic: string,
  { partition, offset }: { partition: number; offset: number },
): Promise<void> {
  // kafkajs knows the leader only of topics that it was asked for.
  await admin.fetchTopicOffsets(topic);
  await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
}

/** Where the probe room lives for one test: a database and topics that stay while it is stopped and started again. */
export interface KafkaHome {
  readonly admin: Admin;
  readonly prefix: string;
  readonly databaseUrl: string;
  /** Starts rooms here: the probe room, where no others are given. */
  readonly start: (rooms?: readonly Room[]) => Promise<KafkaRooms>;
  /** What a test starts by itself is ended after it, before the database goes. */
  readonly after: (cleanUp: () => unknown) => void;
  /** From here on another, empty database, as after a restore that lost everything. */
  readonly replaceDatabase: () => Promise<void>;
}

/** Gives each test of a `describe` a home of its own; its fields are those of the test that runs. */
export function kafkaHomeForEach(brokers: () => string): KafkaHome {
  const after = cleanedUpAfterEach();
  const replaceDatabase = async () => {
    const { url, drop } = await createTestDatabase();
    after(drop);
    home.databaseUrl = url;
  };
  const start = async (rooms: readonly Room[] = [probeRoom]) => {
    const { prefix, databaseUrl } = home;
    const started = await startKafkaRooms(rooms, brokers(), { prefix, databaseUrl });
    after(() => started.stop());
    return started;
  };
  const home = {
    ...{ admin: undefined as unknown as Admin, prefix: '', databaseUrl: '' },
    ...{ start, after, replaceDatabase },
  };
  beforeEach(async () => {
    await replaceDatabase();
    home.prefix = newPrefix();
    home.admin = specKafka(brokers()).admin();
    await home.admin.connect();
    const { admin } = home;
    after(() => admin.disconnect());
  });
  return home;
}
