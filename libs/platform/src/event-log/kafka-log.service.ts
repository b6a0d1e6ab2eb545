import { ALL_TOPICS, topicNamed } from '@taxameter/contracts';
import type { Admin, Kafka, Producer } from 'kafkajs';
import type { Clock } from '../clock.js';
import type { Logger } from '../logging.service.js';
import { kafkaClient, type KafkaSettings } from './kafka-client.service.js';
import { EventLogError, kafkaFailureOf, toEventLogError } from './kafka-failure.js';
import { readTopics } from './kafka-topics.service.js';
import type { LogExtent } from './log-position.js';
import { MAX_RECORD_BYTES, type EventLogProducer, type NewRecord } from './record.js';
import type { LogHead } from './table-log.service.js';
import { topicDifferences, type TopicDifference } from './topic-differences.js';
import { orLate } from './waiting.service.js';

/** The event log in Kafka: its writing side, and what can be asked of it. */

const SENDS_AT_ONCE = 8;
const PING_WITHIN_MS = 2_000;
const ACKNOWLEDGE_WITHIN_MS = 10_000;
/**
 * A broker that is silent, not refusing, costs kafkajs 97 s of attempts; the emitter gives a request up after 30. A record that
 * is stored after all is a duplicate when it is sent again.
 */
const SEND_WITHIN_MS = 20_000;
/** Of a record beside key, headers and value: lengths and deltas, each a varint. */
const RECORD_OVERHEAD_BYTES = 40;

export class KafkaLog implements EventLogProducer {
  readonly client: Kafka;
  private producer: Promise<Producer> | undefined;
  private admin: Promise<Admin> | undefined;

  constructor(
    readonly settings: KafkaSettings,
    private readonly clock: Clock,
    logger: Logger,
  ) {
    this.client = kafkaClient(settings, 'taxameter', logger);
  }

  /**
   * One topic-partition per request: kafkajs 2.2.4 forgets partitions whose leader dies while it sends to several brokers, and
   * reports success (K17). Requests of one partition go one after another, so that its order is kept.
   * @throws EventLogError
   */
  async append(records: readonly NewRecord[]): Promise<void> {
    const groups = new Map<string, NewRecord[]>();
    for (const record of records) {
      const name = `${record.topic} ${record.partition}`;
      const group = groups.get(name);
      if (group) group.push(record);
      else groups.set(name, [record]);
    }
    const waiting = [...groups.values()];
    const failures: unknown[] = [];
    const sendOn = async () => {
      for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
        try {
          for (const batch of inRequests(group)) await this.send(batch);
        } catch (error) {
          failures.push(error);
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(SENDS_AT_ONCE, waiting.length) }, sendOn));
    if (failures.length > 0) throw failures[0];
  }

  private async send(records: readonly NewRecord[]): Promise<void> {
    const { topic, partition } = records[0]!;
    const name = this.settings.prefix + topic;
    // Read by the log only where a topic is made with CreateTime, under a clock that stands still.
    const timestamp = String(this.clock.now().getTime());
    try {
      const producer = await this.connectedProducer();
      const sending = producer.send({
        topic: name,
        acks: -1,
        timeout: ACKNOWLEDGE_WITHIN_MS,
        messages: records.map(({ key, value, headers }) => ({
          partition,
          key,
          value: value && Buffer.from(value),
          headers: { ...headers },
          timestamp,
        })),
      });
      const answer = await orLate(SEND_WITHIN_MS, sending, silence);
      const [stored] = answer;
      const isStored =
        answer.length === 1 &&
        stored?.topicName === name &&
        stored.partition === partition &&
        stored.errorCode === 0 &&
        Number(stored.baseOffset ?? -1) >= 0;
      if (!isStored) {
        throw new EventLogError(
          'other',
          `Kafka did not say that ${name} ${partition} was written; it said ${JSON.stringify(answer)}`,
        );
      }
    } catch (error) {
      throw toEventLogError(error, `writing to ${name}`, this.settings.brokers);
    }
  }

  /**
   * Not idempotent: when an answer is lost for good, kafkajs gives the same sequence numbers to the next records, and the broker
   * takes those for a repetition and drops them. A record that is there twice does no harm, readers know its identity.
   */
  private connectedProducer(): Promise<Producer> {
    this.producer ??= (async () => {
      const producer = this.client.producer({
        allowAutoTopicCreation: false,
        createPartitioner: () => (args) => args.message.partition!,
      });
      await producer.connect();
      return producer;
    })().catch((error: unknown) => {
      this.producer = undefined;
      throw error;
    });
    return this.producer;
  }

  /** Ends of all topics that exist, by our names. @throws EventLogError */
  async ends(): Promise<LogHead[]> {
    const perTopic = await Promise.all(
      ALL_TOPICS.map(async ({ name: topic }) => {
        try {
          const extents = await this.extentsOf(topic);
          return [...extents].map(([partition, { next }]) => ({ topic, partition, nextOffset: next }));
        } catch (error) {
          if (kafkaFailureOf(error) === 'unknown_topic') return [];
          throw error;
        }
      }),
    );
    return perTopic.flat();
  }

  /** By partition. @throws EventLogError */
  async extentsOf(topic: string): Promise<Map<number, LogExtent>> {
    const name = this.settings.prefix + topic;
    const found = await this.ask(`reading ${name}`, (admin) => admin.fetchTopicOffsets(name));
    return new Map(
      found.map(({ partition, low, high }) => [partition, { first: Number(low), next: Number(high) }]),
    );
  }

  /** In what the named topics differ from what is agreed. @throws EventLogError */
  async differencesOf(topics: readonly string[]): Promise<TopicDifference[]> {
    const { prefix } = this.settings;
    const names = topics.map((topic) => prefix + topic);
    const found = await this.ask('looking at the topics', (admin) => readTopics(admin, names));
    return topicDifferences(topics.map(topicNamed), found, prefix);
  }

  /** @throws EventLogError when no broker answers within two seconds, or one of these topics is not there */
  async ping(topics: readonly string[]): Promise<void> {
    const { brokers, prefix } = this.settings;
    const listing = this.ask('asking', (admin) => admin.listTopics());
    const late = () => toEventLogError(silence(), 'asking', brokers);
    const there = new Set(await orLate(PING_WITHIN_MS, listing, late));
    const missing = topics.map((topic) => prefix + topic).find((name) => !there.has(name));
    if (missing === undefined) return;
    const unknown = Object.assign(new Error('the broker does not list it'), {
      type: 'UNKNOWN_TOPIC_OR_PARTITION',
    });
    throw toEventLogError(unknown, `writing to ${missing}`, brokers);
  }

  private async ask<T>(what: string, question: (admin: Admin) => Promise<T>): Promise<T> {
    this.admin ??= (async () => {
      const admin = this.client.admin();
      await admin.connect();
      return admin;
    })();
    const asked = this.admin;
    try {
      return await question(await asked);
    } catch (error) {
      // A new connection is asked next time: one that was lost does not always come back.
      if (this.admin === asked && kafkaFailureOf(error) !== 'unknown_topic') {
        this.admin = undefined;
        void asked.then((admin) => admin.disconnect()).catch(() => undefined);
      }
      throw toEventLogError(error, what, this.settings.brokers);
    }
  }

  async close(): Promise<void> {
    const open = [this.producer, this.admin];
    this.producer = undefined;
    this.admin = undefined;
    await Promise.allSettled(open.map(async (client) => (await client)?.disconnect()));
  }
}

/** What kafkajs throws when a broker does not answer. */
function silence(): Error {
  return Object.assign(new Error('no answer in time'), { name: 'KafkaJSRequestTimeoutError' });
}

/** A request is one batch to Kafka, whose limit of 1 MiB holds for the whole; a record that is too large goes alone. */
function* inRequests(records: readonly NewRecord[]): Generator<NewRecord[]> {
  let batch: NewRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = bytesIn(record);
    if (batch.length > 0 && bytes + size > MAX_RECORD_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(record);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function bytesIn({ key, headers, value }: NewRecord): number {
  const texts = [key ?? '', ...Object.entries(headers).flat()];
  const inTexts = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return inTexts + (value?.length ?? 0) + RECORD_OVERHEAD_BYTES;
}
