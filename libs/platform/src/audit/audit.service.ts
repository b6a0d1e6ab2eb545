import { topicNamed } from '@taxameter/contracts';
import { fixedClock } from '../clock.js';
import { systemClock } from '../clock.service.js';
import type { Configuration } from '../configuration.js';
import { openRoomToLook } from '../database/room-database.service.js';
import { openLogReader } from '../event-log/open-event-log.service.js';
import { topicsReadBy } from '../event-log/read-subscriptions.service.js';
import { createLogger } from '../logging.service.js';
import { reachEmbeddedPostgres } from '../postgres/embedded-postgres.service.js';
import type { Room } from '../room.js';
import type { AuditTools } from './audit-partition.service.js';
import { AuditFindings, type AuditReport } from './audit-report.js';
import { auditRoom } from './audit-room.service.js';
import { AuditRefused, refuseSenseless, type AuditWanted } from './audit-wanted.js';

/** The accounting identity, proved again from the log. It reads only, also beside a system that runs. */

/**
 * Holds the accounting of rooms against the log, the identities and the rooms' own tables.
 * @throws AuditRefused when what is wanted does not exist
 * @throws ConfigurationError, PostgresStartError, EventLogError when database or log cannot be read
 */
export async function auditRooms(
  rooms: readonly Room[],
  configuration: Configuration,
  wanted: AuditWanted = {},
  onProgress: AuditTools['onProgress'] = () => undefined,
): Promise<AuditReport> {
  const chosen = choose(rooms, wanted);
  const closes: (() => Promise<unknown>)[] = [];
  try {
    let databaseUrl = configuration.DATABASE_URL;
    if (databaseUrl === undefined) {
      const postgres = await reachEmbeddedPostgres(configuration.DATA_DIR);
      closes.push(() => postgres.stop());
      databaseUrl = postgres.url;
    }
    const clock = configuration.FIXED_CLOCK ? fixedClock(configuration.FIXED_CLOCK) : systemClock;
    const topics = [...new Set(chosen.flatMap(({ reads }) => reads.map(({ topic }) => topic)))];
    const logger = createLogger('silent');
    const reader = await openLogReader({ configuration, databaseUrl, clock, logger, topics });
    closes.push(() => reader.close());
    const findings = new AuditFindings();
    for (const { room, reads } of chosen) {
      const database = await openRoomToLook(databaseUrl, room.name);
      closes.push(() => database.destroy());
      await auditRoom({ room, reads, database, reader, wanted, findings, onProgress });
    }
    return findings.report();
  } finally {
    for (const close of closes.reverse()) await close().catch(() => undefined);
  }
}

function choose(rooms: readonly Room[], wanted: AuditWanted) {
  refuseSenseless(wanted);
  const readers = rooms
    .map((room) => ({ room, reads: topicsReadBy(room) }))
    .filter(({ room, reads }) => room.schema !== null && reads.length > 0);
  const named = readers.filter(({ room }) => room.name === (wanted.room ?? room.name));
  if (named.length === 0) {
    const known = readers.map(({ room }) => room.name).join(', ');
    throw new AuditRefused(`there is no room "${wanted.room}" that reads the log: choose from ${known}`);
  }
  const chosen = named
    .map(({ room, reads }) => ({
      room,
      reads: reads.filter(({ topic }) => topic === (wanted.topic ?? topic)),
    }))
    .filter(({ reads }) => reads.length > 0);
  if (chosen.length === 0) {
    const known = [...new Set(named.flatMap(({ reads }) => reads.map(({ topic }) => topic)))].join(', ');
    throw new AuditRefused(`nobody reads a topic "${wanted.topic}" there: choose from ${known}`);
  }
  if (wanted.topic !== undefined && wanted.partition !== undefined) {
    const { partitions } = topicNamed(wanted.topic);
    if (wanted.partition >= partitions) {
      throw new AuditRefused(
        `${wanted.topic} has no partition ${wanted.partition}: choose from 0 to ${partitions - 1}`,
      );
    }
  }
  return chosen;
}
