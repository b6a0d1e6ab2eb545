import { TOPICS } from '@taxameter/contracts';
import type { DataSource } from 'typeorm';
import type { Clock } from '../clock.js';
import type { PartitionPosition } from '../event-log/consumer-state.js';
import type { EventLog } from '../event-log/open-event-log.service.js';
import type { Logger } from '../logging.service.js';
import { startLoop, type Loop } from '../loop.service.js';
import {
  answersKeptFrom,
  datesAhead,
  identitiesKeptFrom,
  identityDaysAhead,
  tableKeptFrom,
  type PartitionedTable,
} from './retention.js';

/** Once an hour a room's partitions are made ahead, and those that are too old are dropped; so are old answers to commands. */

const MAINTENANCE_IDLE_MS = 3_600_000;
/** Of one table in one turn: a room that was away for years catches up in a few hours. */
const MOST_DROPPED = 400;
const FORGOTTEN_AT_ONCE = 1_000;
const LOCK_NOT_AVAILABLE = '55P03';

export interface Maintained {
  readonly room: string;
  readonly database: DataSource;
  readonly partitioned: readonly PartitionedTable[];
  readonly log: Pick<EventLog, 'waitingSince'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The first turn is at once. */
export function startMaintenance(maintained: Maintained): Loop {
  return startLoop({
    name: `maintenance of ${maintained.room}`,
    idleMs: MAINTENANCE_IDLE_MS,
    logger: maintained.logger,
    step: async () => {
      await maintainOnce(maintained);
      return false;
    },
  });
}

/**
 * One turn. A table that is in use for longer than the lock may be waited for is left for the next turn.
 * @throws the driver's error when the database does not answer, EventLogError when the log does not
 */
export async function maintainOnce(maintained: Maintained): Promise<void> {
  const { database, partitioned, clock } = maintained;
  const now = clock.now();
  for (const { ensureSql } of partitioned) {
    for (const date of datesAhead(now)) await database.query(ensureSql, [date]);
  }
  for (const table of partitioned) await dropOld(maintained, table.table, tableKeptFrom(now, table));
  await maintainIdentities(maintained, now);
  await forgetAnswers(database, answersKeptFrom(now));
}

async function forgetAnswers(database: DataSource, before: Date): Promise<void> {
  // Piece by piece, so that no command waits for rows that a long statement holds.
  for (let forgotten = FORGOTTEN_AT_ONCE; forgotten === FORGOTTEN_AT_ONCE;) {
    [, forgotten] = await database.query<[unknown, number]>(
      `delete from idempotency_key where (actor, route, key) in (
         select actor, route, key from idempotency_key where created_at < $1 limit $2 for update skip locked)`,
      [before, FORGOTTEN_AT_ONCE],
    );
  }
}

async function maintainIdentities(maintained: Maintained, now: Date): Promise<void> {
  const { room, database, log } = maintained;
  const positions = await database.query<Omit<PartitionPosition, 'room'>[]>(
    'select topic, partition, next_offset as "nextOffset" from consumer_position where topic = $1',
    [TOPICS.apiCalls.name],
  );
  if (positions.length === 0) return;
  for (const day of identityDaysAhead(now)) {
    await database.query('select ensure_seen_call_day($1::date)', [day]);
  }
  const waiting = await log.waitingSince(positions.map((position) => ({ ...position, room })));
  await dropOld(maintained, 'seen_call', identitiesKeptFrom(now, waiting));
}

async function dropOld({ room, database, logger }: Maintained, table: string, before: Date): Promise<void> {
  try {
    for (let count = 0; count < MOST_DROPPED; count += 1) {
      const [row] = await database.query<{ dropped: string; since: Date }[]>(
        'select dropped, kept_since as since from drop_oldest_partition($1, $2)',
        [table, before],
      );
      if (!row) return;
      logger.info(
        { room, table, ...row },
        `${room}: dropped ${row.dropped}, which was older than it is kept`,
      );
    }
  } catch (error) {
    if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
    logger.warn(
      { room, table },
      `${room}: ${table} is in use, its old partitions are dropped at the next turn`,
    );
  }
}
