import { topicNamed } from '@taxameter/contracts';
import { Server, type CustomTransportStrategy } from '@nestjs/microservices';
import type { DataSource } from 'typeorm';
import type { Clock } from '../clock.js';
import type { Logger } from '../logging.service.js';
import type { PartitionPosition, PartitionStatus } from './consumer-state.js';
import type { Subscription } from './event-batch.js';
import type { KafkaLog } from './kafka-log.service.js';
import { KafkaRoomConsumer } from './kafka-room-consumer.service.js';
import { EVENT_LOG_TRANSPORT } from './on-events.decorator.js';
import { readPosition } from './process-records.service.js';
import { readSubscriptions } from './read-subscriptions.service.js';

/**
 * The transport strategy over Kafka: one per process, in it one consumer group member per room, so that a room that stands
 * still holds no other up, and processes can be divided by rooms or by partitions.
 */
export class KafkaLogServer extends Server implements CustomTransportStrategy {
  override readonly transportId = EVENT_LOG_TRANSPORT;
  // Without it Nest swallows what a handler throws, and a failed batch would be committed as done.
  override readonly propagatesEventHandlerErrors = true;
  readonly statuses: PartitionStatus[] = [];
  /** What each room reads; empty until `listen`. */
  subscriptions: ReadonlyMap<string, readonly Subscription[]> = new Map();
  private consumers: KafkaRoomConsumer[] = [];

  constructor(
    private readonly log: KafkaLog,
    private readonly databases: ReadonlyMap<string, DataSource>,
    private readonly clock: Clock,
    private readonly reports: Logger,
    private readonly options: { readonly comparesBodies: boolean },
  ) {
    super();
  }

  /** Does not wait for Kafka: a process whose broker is away answers, and says that it is not ready. */
  async listen(callback: (error?: unknown, ...rest: unknown[]) => void): Promise<void> {
    try {
      const rooms = readSubscriptions(
        this.messageHandlers.values(),
        new Set(this.databases.keys()),
        this.options,
      );
      this.subscriptions = rooms;
      for (const [room, subscriptions] of rooms) {
        const database = this.databases.get(room)!;
        // All of them, so that the accounting shows what is not read yet before the first record is.
        for (const { topic } of subscriptions) {
          for (let partition = 0; partition < topicNamed(topic).partitions; partition += 1) {
            await readPosition(database, topic, partition);
          }
        }
        const { log, clock, reports: logger, statuses } = this;
        this.consumers.push(
          new KafkaRoomConsumer({ room, subscriptions, database, log, clock, logger, statuses }),
        );
      }
      for (const consumer of this.consumers) consumer.start();
      callback();
    } catch (error) {
      callback(error);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
    this.consumers = [];
  }

  /** As far as the readers of this process have seen: null where they have not fetched the record at that position. */
  waitingSince({ room, topic, partition, nextOffset }: PartitionPosition): Date | 'nothing' | null {
    const status = this.statuses.find(
      (known) => known.room === room && known.topic === topic && known.partition === partition,
    );
    if (status === undefined || status.nextOffset !== nextOffset) return null;
    if (status.nextAppendedAt !== null) return status.nextAppendedAt;
    return status.state === 'running' && nextOffset >= status.logEnd ? 'nothing' : null;
  }

  on(): never {
    throw new Error('the event log has no events to listen to: read `statuses`');
  }

  unwrap(): never {
    throw new Error('the event log hides its transport');
  }
}
