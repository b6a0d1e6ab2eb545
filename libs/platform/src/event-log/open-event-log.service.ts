import type { CustomTransportStrategy } from '@nestjs/microservices';
import type { DataSource } from 'typeorm';
import type { Clock } from '../clock.js';
import { ConfigurationError, type Configuration } from '../configuration.js';
import { migrateRoom, openRoom, openRoomToLook } from '../database/room-database.service.js';
import type { Logger } from '../logging.service.js';
import type { PartitionPosition, PartitionStatus } from './consumer-state.js';
import type { Subscription } from './event-batch.js';
import { kafkaSettingsOf } from './kafka-client.service.js';
import type { EventLogError } from './kafka-failure.js';
import { KafkaLogServer } from './kafka-log-server.service.js';
import { KafkaLog } from './kafka-log.service.js';
import { KafkaRangeReader } from './kafka-range-reader.service.js';
import type { LogExtent } from './log-position.js';
import type { LogReader } from './log-reader.js';
import type { EventLogProducer } from './record.js';
import { TableLogServer } from './table-log-server.service.js';
import { TableRangeReader } from './table-range-reader.service.js';
import { TABLE_LOG_ROOM, TableLog, type LogHead } from './table-log.service.js';

/** The event log of a process, whatever carries it. This file alone knows which transport that is. */
export interface EventLog {
  readonly producer: EventLogProducer;
  readonly strategy: CustomTransportStrategy;
  readonly statuses: readonly PartitionStatus[];
  /** How a room reads a topic; undefined when it does not, or nothing is read yet. */
  readonly subscriptionTo: (room: string, topic: string) => Subscription | undefined;
  /** The end of every topic-partition now. */
  ends(): Promise<LogHead[]>;
  /** What the log has of a topic, by partition. @throws EventLogError when it does not answer */
  extentsOf(topic: string): Promise<ReadonlyMap<number, LogExtent>>;
  /**
   * For each position: when the log took the oldest record from there on, `nothing` when none waits, null when it is not known.
   */
  waitingSince(positions: readonly PartitionPosition[]): Promise<readonly (Date | 'nothing' | null)[]>;
  /** @throws Error with a sentence when it does not answer, or one of these topics is not there */
  ping(topics: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

interface EventLogOptions {
  readonly configuration: Configuration;
  readonly databaseUrl: string;
  /** Databases of the rooms that run here, by room. */
  readonly databases: ReadonlyMap<string, DataSource>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** @throws ConfigurationError when Kafka refuses the login; a Kafka that is away is waited for, by the readers */
export async function openEventLog(options: EventLogOptions): Promise<EventLog> {
  return options.configuration.KAFKA_BROKERS.length > 0 ? openKafkaLog(options) : openTableLog(options);
}

async function openKafkaLog({ configuration, databases, clock, logger }: EventLogOptions): Promise<EventLog> {
  const log = new KafkaLog(kafkaSettingsOf(configuration), clock, logger);
  try {
    await log.differencesOf([]);
  } catch (error) {
    const { failure, message } = error as EventLogError;
    if (failure === 'login') {
      await log.close();
      throw new ConfigurationError(message, { cause: error });
    }
    logger.error({ err: error }, `${message}; it will be tried again`);
  }
  const server = new KafkaLogServer(log, databases, clock, logger, {
    comparesBodies: configuration.COMPARE_CALL_BODIES,
  });
  return {
    producer: log,
    strategy: server,
    statuses: server.statuses,
    subscriptionTo: (room, topic) => subscriptionIn(server.subscriptions, room, topic),
    ends: () => log.ends(),
    extentsOf: (topic) => log.extentsOf(topic),
    waitingSince: async (positions) => positions.map((position) => server.waitingSince(position)),
    ping: (topics) => log.ping(topics),
    close: () => log.close(),
  };
}

async function openTableLog({
  configuration,
  databaseUrl,
  databases,
  clock,
  logger,
}: EventLogOptions): Promise<EventLog> {
  await migrateRoom(databaseUrl, TABLE_LOG_ROOM);
  const database = await openRoom(databaseUrl, TABLE_LOG_ROOM);
  const log = new TableLog(database, clock);
  await log.createTopics();
  const server = new TableLogServer(log, databases, clock, logger, {
    comparesBodies: configuration.COMPARE_CALL_BODIES,
  });
  return {
    producer: log,
    strategy: server,
    statuses: server.statuses,
    subscriptionTo: (room, topic) => subscriptionIn(server.subscriptions, room, topic),
    ends: () => log.allHeads(),
    extentsOf: (topic) => log.extentsOf(topic),
    waitingSince: (positions) => log.waitingSince(positions),
    ping: async () => void (await database.query('select 1')),
    close: () => database.destroy(),
  };
}

function subscriptionIn(
  rooms: ReadonlyMap<string, readonly Subscription[]>,
  room: string,
  topic: string,
): Subscription | undefined {
  return rooms.get(room)?.find((subscription) => subscription.topic === topic);
}

/**
 * Reads what the log holds without taking part in anything: no room's position, group or record is touched.
 * @throws ConfigurationError when the database of the table log is away
 */
export async function openLogReader(
  options: Pick<EventLogOptions, 'configuration' | 'databaseUrl' | 'clock' | 'logger'> & {
    readonly topics: readonly string[];
  },
): Promise<LogReader> {
  const { configuration, databaseUrl, clock, logger, topics } = options;
  if (configuration.KAFKA_BROKERS.length > 0) {
    return new KafkaRangeReader(new KafkaLog(kafkaSettingsOf(configuration), clock, logger), topics);
  }
  const database = await openRoomToLook(databaseUrl, TABLE_LOG_ROOM.name);
  return new TableRangeReader(database, new TableLog(database, clock));
}
