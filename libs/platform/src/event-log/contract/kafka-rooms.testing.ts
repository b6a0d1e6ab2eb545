import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import type { Room } from '../../room.js';
import { startTestRooms, type TestRooms } from '../../testing/index.js';
import { createTopics } from '../kafka-topics.service.js';

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
