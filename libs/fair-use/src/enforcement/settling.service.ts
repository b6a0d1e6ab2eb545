import { Inject, Injectable } from '@nestjs/common';
import { TOPICS } from '@taxameter/contracts';
import {
  databaseOf,
  LOGGER,
  BackgroundLoop,
  System,
  systemActor,
  withActor,
  type Logger,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { count, LONGEST_SETTLING_MS, SETTLING_MS } from './watch.js';
import { lockWatches, saveWatch, tell, watchesThatWait } from './watches.service.js';

/**
 * Counts the calls that blocks let through, when a lift would be known. Beside the batches: the last calls of an integration have no
 * call after them that would count them.
 */

const IDLE_MS = 1_000;

@Injectable()
export class Settling extends BackgroundLoop {
  constructor(
    @Inject(databaseOf('fair-use')) private readonly database: DataSource,
    @Inject(System) private readonly system: System,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ name: 'settling of leaks', idleMs: IDLE_MS, logger });
  }

  protected override async step(): Promise<boolean> {
    const waiting = await watchesThatWait(this.database);
    if (waiting.length === 0) return false;
    // In this order: what gateways were told before the newest of these calls is then known to be read.
    const appendedAt = await newestAppend(this.database);
    const unread = await this.system.unreadPartitions('fair-use', TOPICS.integrationStatus.name);
    const waitMs = unread.length === 0 ? SETTLING_MS : LONGEST_SETTLING_MS;
    for (const restrictionId of waiting) {
      await withActor(this.database, systemActor('fair-use'), async (tx) => {
        const [current] = await lockWatches(tx, [restrictionId]);
        const next = current && count(current, appendedAt.getTime(), waitMs);
        if (!next || next.version === current.version) return;
        await saveWatch(tx, next);
        await tell(tx, next, appendedAt);
      });
    }
    return false;
  }
}

/** How far the log of calls was read, by its own time; there is a call wherever one waits. */
async function newestAppend(database: Pick<EntityManager, 'query'>): Promise<Date> {
  const [row] = await database.query<[{ appendedAt: Date }]>(
    'select max(appended_at) as "appendedAt" from watermark where topic = $1',
    [TOPICS.apiCalls.name],
  );
  return row.appendedAt;
}
