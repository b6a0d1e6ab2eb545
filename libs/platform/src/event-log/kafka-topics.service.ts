import { ALL_TOPICS } from '@taxameter/contracts';
import { ConfigResourceTypes, Kafka, logLevel, type Admin } from 'kafkajs';
import { settingsOf, topicDifferences, type FoundTopic, type TopicDifference } from './topic-differences.js';

/** Makes the topics on Kafka and reads them back: what `taxameter topics` does, and what a start asks. */

export interface TopicsOnKafka {
  /** `host:port` each. */
  readonly brokers: readonly string[];
  /** Stands before the name of every topic. */
  readonly prefix: string;
}

export interface NewTopics extends TopicsOnKafka {
  /** Copies of each partition; as many as there are brokers, at most 3, when it is not given. */
  readonly replicationFactor?: number;
  /** Settings that hold over those agreed, such as `message.timestamp.type` under a clock that stands still. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Kafka could not be asked or refused; the message is one sentence that says what to do. */
export class KafkaTopicsError extends Error {}

const MOST_COPIES = 3;
/** About three seconds in all; a broker that is away is said, not waited for. */
const PATIENCE = { retries: 4, initialRetryTime: 200 };

/**
 * Makes the topics that are missing and leaves the others as they are. Returns what was made, and what differs then.
 * @throws KafkaTopicsError
 */
export async function createTopics(
  wanted: NewTopics,
): Promise<{ made: string[]; differences: TopicDifference[] }> {
  return withAdmin(wanted.brokers, async (admin) => {
    const { brokers } = await admin.describeCluster();
    const copies = wanted.replicationFactor ?? Math.min(MOST_COPIES, brokers.length);
    if (copies > brokers.length)
      throw new KafkaTopicsError(
        `${copies} copies need ${copies} brokers and there are ${brokers.length}: start more, or lower --replication-factor`,
      );
    const there = new Set(await admin.listTopics());
    const missing = ALL_TOPICS.filter((topic) => !there.has(wanted.prefix + topic.name));
    if (missing.length > 0)
      await admin.createTopics({
        waitForLeaders: true,
        topics: missing.map((topic) => ({
          topic: wanted.prefix + topic.name,
          numPartitions: topic.partitions,
          replicationFactor: copies,
          configEntries: Object.entries({ ...settingsOf(topic, copies), ...wanted.settings }).map(
            ([name, value]) => ({ name, value }),
          ),
        })),
      });
    const made = missing.map((topic) => wanted.prefix + topic.name);
    return { made, differences: await differencesThere(admin, wanted.prefix) };
  });
}

/**
 * In what the topics differ from what is agreed; none means fine.
 * @throws KafkaTopicsError
 */
export async function checkTopics({ brokers, prefix }: TopicsOnKafka): Promise<TopicDifference[]> {
  return withAdmin(brokers, (admin) => differencesThere(admin, prefix));
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
      resources: known.map((name) => ({ type: ConfigResourceTypes.TOPIC, name })),
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

async function withAdmin<T>(brokers: readonly string[], work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Kafka({
    clientId: 'taxameter-topics',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    retry: PATIENCE,
  }).admin();
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    throw error instanceof KafkaTopicsError
      ? error
      : new KafkaTopicsError(sentenceFor(error, brokers), { cause: error });
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

interface KafkaFailure {
  readonly name?: string;
  readonly type?: string;
  readonly message: string;
  readonly cause?: unknown;
  readonly errors?: readonly { readonly topic?: string; readonly message: string }[];
}

function sentenceFor(error: unknown, brokers: readonly string[]): string {
  const { name, message, errors } = error as KafkaFailure;
  const where = brokers.join(', ');
  if (/ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|timeout|closed connection/i.test(message))
    return `no Kafka broker answers at ${where}: start it, or correct --brokers or KAFKA_BROKERS (${message})`;
  if (/SASL|authenticat/i.test(`${name} ${message}`))
    return `Kafka at ${where} refuses the user or the password: correct them (${message})`;
  if (errors)
    return errors
      .map((each) => `Kafka refuses to make ${each.topic ?? 'a topic'}: ${each.message}`)
      .join('; ');
  return `Kafka at ${where} refuses: ${message}`;
}
