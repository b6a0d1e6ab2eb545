import { TOPICS } from '@taxameter/contracts';
import {
  createTopics,
  partitionForKey,
  STRUCTURED_CONTENT_TYPE,
  BATCH_CONTENT_TYPE,
} from '@taxameter/platform';
import { randomBytes } from 'node:crypto';
import { Kafka, logLevel, type Message, type Producer } from 'kafkajs';
import { generate, type Workload } from './workload.js';

/** Writes a workload into topics of its own; what is measured reads it. */

const CALLS = TOPICS.apiCalls;
/** About half of Kafka's limit of 1 MiB for a request. */
const RECORDS_PER_SEND = 500;
const EVENTS_PER_BATCH_RECORD = 100;
const SENDS_AT_ONCE = 4;

export interface WrittenTopic {
  /** `TOPIC_PREFIX` of the processes that read it. */
  readonly prefix: string;
  readonly name: string;
  readonly events: number;
  readonly records: number;
  /** Mean size of an event in bytes. */
  readonly eventBytes: number;
}

export function kafkaOf(brokers: string): Kafka {
  return new Kafka({ clientId: 'taxameter-bench', brokers: brokers.split(','), logLevel: logLevel.NOTHING });
}

/** A producer to whom each message names its partition. */
export function producerOf(kafka: Kafka): Producer {
  return kafka.producer({
    allowAutoTopicCreation: false,
    createPartitioner: () => (args) => args.message.partition!,
  });
}

export async function writeTopic(
  brokers: string,
  workload: Workload,
  options: { batchRecords?: boolean; prefix?: string } = {},
): Promise<WrittenTopic> {
  const prefix = options.prefix ?? `bench-${randomBytes(4).toString('hex')}.`;
  await createTopics({ brokers: brokers.split(','), prefix });
  const name = prefix + CALLS.name;
  const producer = producerOf(kafkaOf(brokers));
  await producer.connect();
  const writer = new Writer(producer, name, options.batchRecords ?? false);
  let bytes = 0;
  for (const { key, json } of generate(workload)) {
    bytes += json.length;
    await writer.add(key, json);
  }
  const records = await writer.end();
  await producer.disconnect();
  return { prefix, name, events: workload.events, records, eventBytes: Math.round(bytes / workload.events) };
}

/** Collects by partition; one topic-partition a request, a few requests under way. */
class Writer {
  private readonly waiting: string[][] = Array.from({ length: CALLS.partitions }, () => []);
  private readonly keys: string[][] = Array.from({ length: CALLS.partitions }, () => []);
  private underWay: Promise<unknown>[] = [];
  private records = 0;

  constructor(
    private readonly producer: Producer,
    private readonly topic: string,
    private readonly isBatch: boolean,
  ) {}

  async add(key: string, json: string): Promise<void> {
    const partition = partitionForKey(key, CALLS.partitions);
    this.waiting[partition]!.push(json);
    this.keys[partition]!.push(key);
    if (this.waiting[partition]!.length >= RECORDS_PER_SEND) await this.send(partition);
  }

  async end(): Promise<number> {
    for (let partition = 0; partition < CALLS.partitions; partition += 1) await this.send(partition);
    await Promise.all(this.underWay);
    return this.records;
  }

  private async send(partition: number): Promise<void> {
    const events = this.waiting[partition]!;
    const keys = this.keys[partition]!;
    if (events.length === 0) return;
    this.waiting[partition] = [];
    this.keys[partition] = [];
    const messages = this.isBatch
      ? inBatches(events, partition)
      : events.map((value, index): Message => {
          return {
            partition,
            key: keys[index]!,
            value,
            headers: { 'content-type': STRUCTURED_CONTENT_TYPE },
          };
        });
    this.records += messages.length;
    if (this.underWay.length >= SENDS_AT_ONCE) await this.underWay.shift();
    this.underWay.push(this.producer.send({ topic: this.topic, acks: -1, messages }));
  }
}

function inBatches(events: readonly string[], partition: number): Message[] {
  const messages: Message[] = [];
  for (let at = 0; at < events.length; at += EVENTS_PER_BATCH_RECORD) {
    const value = `[${events.slice(at, at + EVENTS_PER_BATCH_RECORD).join(',')}]`;
    messages.push({ partition, value, headers: { 'content-type': BATCH_CONTENT_TYPE } });
  }
  return messages;
}
