import { ALL_TOPICS } from '@taxameter/contracts';
import type { Admin } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '../logging.service.js';
import { kafkaClient, type KafkaSettings } from './kafka-client.service.js';
import { EventLogError, kafkaFailureOf, toEventLogError } from './kafka-failure.js';
import { settingsOf, topicDifferences, type FoundTopic, type TopicDifference } from './topic-differences.js';

/** Makes the topics on Kafka and reads them back: what `taxameter topics` does, and what a start asks. */

/** Which Kafka, and what stands before the names; without TLS and without a login where nothing is said. */
export type TopicsOnKafka = Pick<KafkaSettings, 'brokers' | 'prefix'> & Partial<KafkaSettings>;

export type NewTopics = TopicsOnKafka & {
  /** Copies of each partition; as many as there are brokers, at most 3, when it is not given. */
  readonly replicationFactor?: number;
  /** Settings that hold over those agreed, such as `message.timestamp.type` under a clock that stands still. */
  readonly settings?: Readonly<Record<string, string>>;
};

/** `ConfigResourceTypes.TOPIC` of kafkajs, a CommonJS package in which Node does not find that name. */
const RESOURCE_TOPIC = 2;
const MOST_COPIES = 3;
/** Twenty seconds: a busy machine needed more than one. */
const LOOKS = 200;
const LOOK_EVERY_MS = 100;
/** About three seconds in all; a broker that is away is said, not waited for. */
const PATIENCE = { retries: 4, initialRetryTime: 200 };

/**
 * Makes the topics that are missing and leaves the others as they are. Returns what was made, and what differs then.
 * @throws EventLogError
 */
export async function createTopics(
  wanted: NewTopics,
): Promise<{ made: string[]; differences: TopicDifference[] }> {
  return withAdmin(wanted, async (admin) => {
    const { brokers } = await admin.describeCluster();
    const copies = wanted.replicationFactor ?? Math.min(MOST_COPIES, brokers.length);
    if (copies > brokers.length)
      throw new EventLogError(
        'other',
        `${copies} copies need ${copies} brokers and there are ${brokers.length}: start more, or lower --replication-factor`,
      );
    const there = new Set(await admin.listTopics());
    const missing = ALL_TOPICS.filter((topic) => !there.has(wanted.prefix + topic.name));
    if (missing.length > 0) {
      await admin.createTopics({
        waitForLeaders: false,
        topics: missing.map((topic) => ({
          topic: wanted.prefix + topic.name,
          numPartitions: topic.partitions,
          replicationFactor: copies,
          configEntries: Object.entries({ ...settingsOf(topic, copies), ...wanted.settings }).map(
            ([name, value]) => ({ name, value }),
          ),
        })),
      });
      await untilKnown(
        admin,
        missing.map((topic) => wanted.prefix + topic.name),
      );
    }
    const made = missing.map((topic) => wanted.prefix + topic.name);
    return { made, differences: await differencesThere(admin, wanted.prefix) };
  });
}

/**
 * In what the topics differ from what is agreed; none means fine.
 * @throws EventLogError
 */
export async function checkTopics(where: TopicsOnKafka): Promise<TopicDifference[]> {
  return withAdmin(where, (admin) => differencesThere(admin, where.prefix));
}

/** The controller has made them before the brokers have heard of it; kafkajs's own waiting gives up at the first "unknown". */
async function untilKnown(admin: Admin, names: readonly string[]): Promise<void> {
  for (let looks = 0; ; looks += 1) {
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [...names] });
      if (topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))) return;
    } catch (error) {
      if (kafkaFailureOf(error) !== 'unknown_topic' || looks >= LOOKS) throw error;
    }
    if (looks >= LOOKS) return;
    await sleep(LOOK_EVERY_MS);
  }
}

async function differencesThere(admin: Admin, prefix: string): Promise<TopicDifference[]> {
  const found = await readTopics(
    admin,
    ALL_TOPICS.map((topic) => prefix + topic.name),
  );
  return topicDifferences(ALL_TOPICS, found, prefix);
}

/** Those of the named topics that exist, with every setting, the broker's defaults included. */
export async function readTopics(admin: Admin, names: readonly string[]): Promise<FoundTopic[]> {
  const there = new Set(await admin.listTopics());
  const known = names.filter((name) => there.has(name));
  // An empty list would mean all topics.
  if (known.length === 0) return [];
  const [{ topics }, { resources }] = await Promise.all([
    admin.fetchTopicMetadata({ topics: known }),
    admin.describeConfigs({
      includeSynonyms: false,
      resources: known.map((name) => ({ type: RESOURCE_TOPIC, name })),
    }),
  ]);
  return topics.map(({ name, partitions }) => {
    const entries = resources.find((resource) => resource.resourceName === name)?.configEntries ?? [];
    return {
      name,
      partitions: partitions.length,
      copies: Math.min(...partitions.map((partition) => partition.replicas.length)),
      settings: Object.fromEntries(entries.map((entry) => [entry.configName, entry.configValue])),
    };
  });
}

async function withAdmin<T>(where: TopicsOnKafka, work: (admin: Admin) => Promise<T>): Promise<T> {
  const settings = { ssl: false, login: null, ...where };
  const admin = kafkaClient(settings, 'taxameter-topics', createLogger('silent')).admin({ retry: PATIENCE });
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    const { errors } = error as { errors?: readonly { readonly topic?: string; readonly message: string }[] };
    if (errors === undefined) throw toEventLogError(error, 'making and reading topics', where.brokers);
    const each = errors.map(
      ({ topic, message }) => `Kafka refuses to make ${topic ?? 'a topic'}: ${message}`,
    );
    throw new EventLogError('other', each.join('; '), { cause: error });
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
