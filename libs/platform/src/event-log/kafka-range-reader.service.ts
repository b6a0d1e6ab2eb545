import { randomBytes } from 'node:crypto';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import { EventLogError, toEventLogError } from './kafka-failure.js';
import { KAFKA_PATIENCE } from './kafka-client.service.js';
import type { KafkaLog } from './kafka-log.service.js';
import { storedRecord } from './kafka-partition.service.js';
import { fetchedOffsetOf } from './kafkajs-mends.service.js';
import type { LogExtent } from './log-position.js';
import type { LogReader, LogStretch } from './log-reader.js';
import type { StoredRecord } from './record.js';
import { within } from './waiting.service.js';

/**
 * Reads stretches of Kafka. kafkajs reads as a member of a group only, so this is a group of its own with a name that nobody
 * else has; it commits nothing, and the broker forgets it when it has left. It owns the log that it is given.
 */

const HEARTBEAT_MS = 1_000;
const SESSION_MS = 30_000;
/** While a fetch waits that was begun before a stretch was asked for, nothing of that stretch comes. */
const FETCH_WAIT_MS = 50;
const SILENT_MS = 60_000;
const LEAVE_WITHIN_MS = 5_000;

interface Reading extends LogStretch {
  next: number;
  /** When Kafka last gave something, by `performance.now()`. */
  lastSignMs: number;
  readonly each: (records: readonly StoredRecord[]) => Promise<void>;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export class KafkaRangeReader implements LogReader {
  private joined: Promise<Consumer> | undefined;
  private reading: Reading | undefined;

  constructor(
    private readonly log: KafkaLog,
    private readonly topics: readonly string[],
  ) {}

  async extentOf(topic: string, partition: number): Promise<LogExtent> {
    return (await this.log.extentsOf(topic)).get(partition) ?? { first: 0, next: 0 };
  }

  async read(stretch: LogStretch, each: (records: readonly StoredRecord[]) => Promise<void>): Promise<void> {
    const { topic, partition, fromOffset, toOffset } = stretch;
    if (fromOffset >= toOffset) return;
    const name = this.log.settings.prefix + topic;
    let watching: NodeJS.Timeout | undefined;
    try {
      const consumer = await (this.joined ??= this.join());
      await new Promise<void>((done, failed) => {
        const reading: Reading = {
          ...stretch,
          next: fromOffset,
          lastSignMs: performance.now(),
          ...{ each, done, failed },
        };
        this.reading = reading;
        watching = setInterval(() => {
          if (performance.now() - reading.lastSignMs < SILENT_MS) return;
          failed(new EventLogError('away', `Kafka gave nothing of ${name} ${partition} for 60 s`));
        }, HEARTBEAT_MS);
        consumer.seek({ topic: name, partition, offset: String(fromOffset) });
        consumer.resume([{ topic: name, partitions: [partition] }]);
      });
    } catch (error) {
      throw toEventLogError(error, `reading ${name} ${partition} again`, this.log.settings.brokers);
    } finally {
      clearInterval(watching);
      this.reading = undefined;
    }
  }

  async close(): Promise<void> {
    const joined = this.joined;
    this.joined = undefined;
    if (joined !== undefined) {
      await within(
        LEAVE_WITHIN_MS,
        joined.then((consumer) => consumer.disconnect()),
      );
    }
    await this.log.close();
  }

  private async join(): Promise<Consumer> {
    const { client, settings } = this.log;
    const consumer = client.consumer({
      groupId: `${settings.prefix}taxameter-audit-${randomBytes(8).toString('hex')}`,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      allowAutoTopicCreation: false,
      retry: { ...KAFKA_PATIENCE, restartOnFailure: () => Promise.resolve(false) },
    });
    await consumer.connect();
    await consumer.subscribe({
      topics: this.topics.map((topic) => settings.prefix + topic),
      fromBeginning: true,
    });
    await new Promise<void>((resolve, reject) => {
      consumer.on(consumer.events.GROUP_JOIN, () => resolve());
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        reject(payload.error);
        this.reading?.failed(payload.error);
      });
      consumer
        .run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: (payload) => this.take(payload) })
        .catch(reject);
    });
    return consumer;
  }

  /** What `each` throws fails the reading and not the consumer, which kafkajs would end. */
  private async take(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload;
    const { reading } = this;
    const name = reading === undefined ? '' : this.log.settings.prefix + reading.topic;
    // A group reads all that it is assigned: what is not asked for waits until it is.
    if (reading === undefined || batch.topic !== name || batch.partition !== reading.partition) {
      return void payload.pause();
    }
    if (payload.isStale()) return;
    const beat = setInterval(() => {
      reading.lastSignMs = performance.now();
      payload.heartbeat().catch(() => undefined);
    }, HEARTBEAT_MS);
    try {
      await this.handOver(payload, reading);
    } catch (error) {
      payload.pause();
      reading.failed(error);
    } finally {
      clearInterval(beat);
    }
  }

  private async handOver(payload: EachBatchPayload, reading: Reading): Promise<void> {
    const { batch } = payload;
    const { topic, partition, next, toOffset } = reading;
    reading.lastSignMs = performance.now();
    // kafkajs begins elsewhere without a word (K7).
    if (fetchedOffsetOf(batch) > next) {
      const what = `${batch.topic} ${partition} lost offset ${next} while it was read: run this again`;
      throw new EventLogError('other', what);
    }
    const records = batch.messages
      .filter(({ offset }) => Number(offset) >= next && Number(offset) < toOffset)
      .map((message) => storedRecord(topic, partition, message));
    if (records.length > 0) await reading.each(records);
    reading.lastSignMs = performance.now();
    reading.next = Math.max(next, Number(batch.lastOffset()) + 1);
    payload.resolveOffset(batch.lastOffset());
    if (reading.next < toOffset) return;
    payload.pause();
    reading.done();
  }
}
