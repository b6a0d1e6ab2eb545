import { topicNamed } from '@taxameter/contracts';
import type { Consumer } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { Clock } from '../clock.js';
import type { Logger } from '../logging.service.js';
import type { PartitionStatus } from './consumer-state.js';
import type { Subscription } from './event-batch.js';
import { KAFKA_PATIENCE } from './kafka-client.service.js';
import { EventLogError, kafkaFailureOf, toEventLogError } from './kafka-failure.js';
import type { KafkaLog } from './kafka-log.service.js';
import { KafkaPartition, type PartitionConsumer } from './kafka-partition.service.js';
import { orAborted, Places, within } from './waiting.service.js';

/** A room's membership in its consumer group: joins, and joins again whatever happened, until it is stopped. */

const SESSION_MS = 6_000;
const REBALANCE_MS = 15_000;
const HEARTBEAT_MS = 1_000;
/** Many small fetches would be many small transactions: a fetch waits for 16 kB, but not longer than this. */
const FETCH_WAIT_MS = 100;
const FETCH_MIN_BYTES = 16_384;
/**
 * Of one partition in one fetch, as it lies in the log: some 2,500 calls, four times as large unpacked. Twice as much is not faster and
 * takes 60 MB more; half as much costs a quarter of the rate, since smaller batches have more rows of sums for each call.
 */
const FETCH_PARTITION_BYTES = 524_288;
/** Node and the database overlap with two; more than three gained nothing on two cores (K11). */
const BATCHES_AT_ONCE = 2;
const REJOIN_FIRST_MS = 500;
const REJOIN_LONGEST_MS = 5_000;
const CODEC_REJOIN_MS = 30_000;
const SILENT_AFTER_MS = 10_000;
const GIVE_UP_AFTER_MS = 60_000;
const LEAVE_WITHIN_MS = 5_000;

export interface RoomConsumerOptions {
  readonly room: string;
  readonly subscriptions: readonly Subscription[];
  readonly database: DataSource;
  readonly log: KafkaLog;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Shared by all rooms of the process; this consumer keeps the entries of its room. */
  readonly statuses: PartitionStatus[];
}

export class KafkaRoomConsumer {
  private readonly leaving = new AbortController();
  private readonly places = new Places(BATCHES_AT_ONCE);
  private readonly topics: readonly string[];
  private partitions = new Map<string, KafkaPartition>();
  private consumer: Consumer | undefined;
  private lastSignMs = 0;
  private said = '';
  private supervised: Promise<void> = Promise.resolve();

  constructor(private readonly options: RoomConsumerOptions) {
    this.topics = options.subscriptions.map((subscription) => subscription.topic);
  }

  start(): void {
    this.showOutside('joining', 'has not joined its group yet');
    this.supervised = this.supervise();
  }

  /** Lets running statements finish, then leaves the group, so that others need not wait for the session to end. */
  async stop(): Promise<void> {
    this.leaving.abort();
    await this.supervised;
  }

  private async supervise(): Promise<void> {
    const { logger, room, log } = this.options;
    for (let pauseMs = REJOIN_FIRST_MS; !this.leaving.signal.aborted;) {
      const began = performance.now();
      const error = await this.session().catch((cause: unknown) => cause);
      if (this.leaving.signal.aborted) return;
      const failure = toEventLogError(error, `reading for ${room}`, log.settings.brokers);
      const isCodec = failure.failure === 'codec';
      this.showOutside(isCodec ? 'stopped' : 'joining', failure.message);
      if (this.said !== failure.message) logger.error({ err: failure, room }, failure.message);
      this.said = failure.message;
      const wasLong = performance.now() - began > GIVE_UP_AFTER_MS;
      pauseMs = wasLong ? REJOIN_FIRST_MS : Math.min(2 * pauseMs, REJOIN_LONGEST_MS);
      await sleep(isCodec ? CODEC_REJOIN_MS : pauseMs, undefined, { signal: this.leaving.signal }).catch(
        () => undefined,
      );
    }
  }

  /**
   * One life of a kafkajs consumer; resolves with why it ended. kafkajs's own restart is switched off: it would come back for
   * some crashes and stay away for others, with the process alive and well (K4).
   */
  private async session(): Promise<unknown> {
    const { log } = this.options;
    await orAborted(this.refuseUnreadableTopics(), this.leaving.signal);
    if (this.leaving.signal.aborted) return;
    const consumer = log.client.consumer({
      groupId: `${log.settings.prefix}taxameter-${this.options.room}`,
      sessionTimeout: SESSION_MS,
      rebalanceTimeout: REBALANCE_MS,
      heartbeatInterval: HEARTBEAT_MS,
      minBytes: FETCH_MIN_BYTES,
      maxBytesPerPartition: FETCH_PARTITION_BYTES,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      allowAutoTopicCreation: false,
      retry: { ...KAFKA_PATIENCE, restartOnFailure: () => Promise.resolve(false) },
    });
    this.consumer = consumer;
    // Of a consumer that was given up and is still there nothing is heard any more.
    const isCurrent = () => this.consumer === consumer && !this.leaving.signal.aborted;
    let joining: Promise<void> = Promise.resolve();
    let watching: NodeJS.Timeout | undefined;
    const enter = async () => {
      await consumer.connect();
      const names = this.topics.map((topic) => log.settings.prefix + topic);
      if (isCurrent()) await consumer.subscribe({ topics: names, fromBeginning: true });
      if (!isCurrent()) return;
      joining = consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: BATCHES_AT_ONCE,
        eachBatch: async (payload) => {
          if (isCurrent()) await this.partitions.get(nameOf(payload.batch))?.take(payload);
        },
      });
      await joining;
    };
    try {
      // Before `run()`: the crash can come inside it.
      const ended = new Promise<unknown>((resolve) => {
        consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error));
        watching = setInterval(() => {
          if (this.lookForSigns() > GIVE_UP_AFTER_MS) resolve(new Error(SILENT));
        }, HEARTBEAT_MS);
      });
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
        if (isCurrent()) this.joined(payload.memberAssignment);
      });
      consumer.on(consumer.events.HEARTBEAT, () => this.sign());
      this.lastSignMs = performance.now();
      return await orAborted(
        enter().then(() => ended),
        this.leaving.signal,
      );
    } finally {
      clearInterval(watching);
      // A consumer that is told to stop while it joins would go on joining, and read on as a ghost.
      await within(LEAVE_WITHIN_MS, joining);
      // What is in work is given back or committed before the next owner asks for the position.
      for (const partition of this.partitions.values()) partition.release();
      await within(LEAVE_WITHIN_MS, Promise.all([...this.partitions.values()].map((each) => each.settled())));
      await within(LEAVE_WITHIN_MS, consumer.disconnect());
      this.consumer = undefined;
    }
  }

  /** @throws EventLogError when a topic is missing or cannot be read as it is */
  private async refuseUnreadableTopics(): Promise<void> {
    const { log, logger, room } = this.options;
    try {
      const differences = await log.differencesOf(this.topics);
      const stops = differences.filter((difference) => difference.stops);
      if (stops.length > 0) {
        throw new EventLogError('other', stops.map((difference) => difference.sentence).join('; '));
      }
      for (const { sentence, topic } of differences) logger.warn({ room, topic }, sentence);
    } catch (error) {
      // Who may read a topic need not be allowed to see its settings.
      if (kafkaFailureOf(error) !== 'denied') throw error;
      logger.warn({ err: error, room }, 'the settings of the topics cannot be looked at');
    }
  }

  private joined(assignment: Readonly<Record<string, readonly number[]>>): void {
    this.lastSignMs = performance.now();
    this.said = '';
    const { prefix } = this.options.log.settings;
    const before = this.partitions;
    this.partitions = new Map();
    for (const [name, numbers] of Object.entries(assignment)) {
      const topic = name.slice(prefix.length);
      for (const partition of numbers) {
        const key = nameOf({ topic: name, partition });
        this.partitions.set(key, before.get(key) ?? this.newPartition(topic, partition));
      }
    }
    this.show([...this.partitions.values()].map(({ work }) => work.status));
    for (const [key, partition] of before) if (!this.partitions.has(key)) partition.release();
    for (const partition of this.partitions.values()) {
      const { status } = partition.work;
      if (status.state !== 'stopped') status.state = 'joining';
      partition.begin();
    }
  }

  private newPartition(topic: string, partition: number): KafkaPartition {
    const { room, database, subscriptions, clock, logger } = this.options;
    const subscription = subscriptions.find((candidate) => candidate.topic === topic)!;
    const status = {
      room,
      topic,
      partition,
      state: 'joining' as const,
      reason: null,
      gap: null,
      generation: 0,
      nextOffset: 0,
      logEnd: 0,
      nextAppendedAt: null,
    };
    const work = { database, subscription, status, clock, logger };
    return new KafkaPartition(work, this.door(), this.places, this.leaving.signal);
  }

  private door(): PartitionConsumer {
    const { log } = this.options;
    const nameIn = (topic: string) => log.settings.prefix + topic;
    // Between a crash and the next session there is nothing to steer, and kafkajs throws; joining again begins anew.
    const steer = (work: (consumer: Consumer) => void) => {
      try {
        if (this.consumer) work(this.consumer);
      } catch {
        return;
      }
    };
    return {
      seek: (topic, partition, offset) =>
        steer((consumer) => consumer.seek({ topic: nameIn(topic), partition, offset: String(offset) })),
      pause: (topic, partition) =>
        steer((consumer) => consumer.pause([{ topic: nameIn(topic), partitions: [partition] }])),
      resume: (topic, partition) =>
        steer((consumer) => consumer.resume([{ topic: nameIn(topic), partitions: [partition] }])),
      extentOf: async (topic, partition) => {
        const extent = (await log.extentsOf(topic)).get(partition);
        if (!extent) throw new EventLogError('other', `${nameIn(topic)} has no partition ${partition}`);
        return extent;
      },
    };
  }

  private sign(): void {
    this.lastSignMs = performance.now();
    for (const { work } of this.partitions.values()) {
      if (work.status.reason === SILENT) Object.assign(work.status, { state: 'running', reason: null });
    }
  }

  /** How long Kafka has not answered, in ms. A consumer that hears nothing does not pretend to be running. */
  private lookForSigns(): number {
    const silentMs = performance.now() - this.lastSignMs;
    if (silentMs > SILENT_AFTER_MS) {
      for (const { work } of this.partitions.values()) {
        if (work.status.state === 'running') Object.assign(work.status, { state: 'joining', reason: SILENT });
      }
    }
    return silentMs;
  }

  /** Outside the group any partition may be ours again: all are listed, those that a broken invariant stopped as such. */
  private showOutside(state: 'joining' | 'stopped', reason: string): void {
    const { room } = this.options;
    const { prefix } = this.options.log.settings;
    this.show(
      this.topics.flatMap((topic) =>
        Array.from({ length: topicNamed(topic).partitions }, (_, partition): PartitionStatus => {
          const known = this.partitions.get(nameOf({ topic: prefix + topic, partition }))?.work.status;
          if (known?.state === 'stopped') return known;
          const { generation = 0, nextOffset = 0, logEnd = 0, nextAppendedAt = null } = known ?? {};
          const position = { generation, nextOffset, logEnd, nextAppendedAt };
          return { room, topic, partition, state, reason, gap: null, ...position };
        }),
      ),
    );
  }

  private show(ofRoom: readonly PartitionStatus[]): void {
    const { statuses, room } = this.options;
    const others = statuses.filter((status) => status.room !== room);
    statuses.splice(0, statuses.length, ...others, ...ofRoom);
  }
}

const SILENT = 'Kafka does not answer';

function nameOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic} ${partition}`;
}
