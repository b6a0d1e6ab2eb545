import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import type { Clock } from '../clock.js';
import { failureOf } from '../database/sql-error.js';
import type { Logger } from '../logging.service.js';
import type { PartitionStatus } from './consumer-state.js';
import type { Subscription } from './event-batch.js';
import { processRecords, readPosition, type RecordRange } from './process-records.service.js';

/** What a reader does with a range when it does not go smoothly: the same on every transport. */

const RETRY_FIRST_MS = 100;
const RETRY_LONGEST_MS = 5_000;

export interface PartitionWork {
  readonly database: DataSource;
  readonly subscription: Subscription;
  readonly status: PartitionStatus;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * `applied`: committed, the status stands behind the range. `fenced`: another reader was there, the status stands where the
 * database does. `stopped`: an invariant of ours is broken. `left`: `leave` was aborted between two attempts; nothing was done.
 */
export type Applied = 'applied' | 'fenced' | 'stopped' | 'left';

/**
 * Tries the range until it is done, for as long as only trouble outside stands in its way.
 * @param between what becomes of the pauses between two attempts
 */
export async function applyRange(
  work: PartitionWork,
  range: RecordRange,
  leave: AbortSignal,
  between: (pause: Promise<void>) => Promise<void> = (pause) => pause,
): Promise<Applied> {
  const { database, subscription, status, clock, logger } = work;
  for (let pauseMs = RETRY_FIRST_MS; ; pauseMs = Math.min(2 * pauseMs, RETRY_LONGEST_MS)) {
    if (leave.aborted) return 'left';
    try {
      const { kind } = await processRecords(database, subscription, range, clock);
      if (kind === 'committed') status.nextOffset = range.toOffset;
      else Object.assign(status, await readPosition(database, range.topic, range.partition));
      status.state = 'running';
      status.reason = null;
      return kind === 'committed' ? 'applied' : 'fenced';
    } catch (error) {
      if (failureOf(error) !== 'trouble_outside') {
        stopPartition(work, error);
        return 'stopped';
      }
      status.state = 'retrying';
      status.reason = error instanceof Error ? error.message : String(error);
      logger.warn({ err: error, room: status.room, topic: status.topic }, 'the batch will be tried again');
      await between(sleep(pauseMs, undefined, { signal: leave }).catch(() => undefined));
    }
  }
}

/** A broken invariant of ours: this partition stands still, loudly, until a person has looked; the others go on. */
export function stopPartition({ status, logger }: PartitionWork, error: unknown): void {
  status.state = 'stopped';
  status.reason = error instanceof Error ? error.message : String(error);
  const { room, topic, partition, nextOffset } = status;
  logger.error(
    { err: error, room, topic, partition, nextOffset },
    'a partition was stopped by a broken invariant',
  );
}
