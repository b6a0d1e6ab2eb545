import type { CustomTransportStrategy } from '@nestjs/microservices';
import type { DataSource } from 'typeorm';
import type { Clock } from '../clock.js';
import { migrateRoom, openRoom } from '../database/room-database.service.js';
import type { Logger } from '../logging.service.js';
import type { PartitionStatus } from './consumer-state.js';
import type { EventLogProducer } from './record.js';
import { TableLogServer } from './table-log-server.service.js';
import { TABLE_LOG_ROOM, TableLog, type LogHead } from './table-log.service.js';

/** The event log of a process, whatever carries it. This file alone knows which transport that is. */
export interface EventLog {
  readonly producer: EventLogProducer;
  readonly strategy: CustomTransportStrategy;
  readonly statuses: readonly PartitionStatus[];
  /** The end of every topic-partition now. */
  ends(): Promise<LogHead[]>;
  close(): Promise<void>;
}

export async function openEventLog(options: {
  databaseUrl: string;
  /** Databases of the rooms that run here, by room. */
  databases: ReadonlyMap<string, DataSource>;
  clock: Clock;
  logger: Logger;
}): Promise<EventLog> {
  await migrateRoom(options.databaseUrl, TABLE_LOG_ROOM);
  const database = await openRoom(options.databaseUrl, TABLE_LOG_ROOM);
  const log = new TableLog(database, options.clock);
  await log.createTopics();
  const server = new TableLogServer(log, options.databases, options.clock, options.logger);
  return {
    producer: log,
    strategy: server,
    statuses: server.statuses,
    ends: () => log.allHeads(),
    close: () => database.destroy(),
  };
}
