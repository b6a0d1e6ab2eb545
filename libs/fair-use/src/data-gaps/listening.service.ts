import { Inject, Injectable } from '@nestjs/common';
import {
  BackgroundLoop,
  CLOCK,
  databaseOf,
  EventLogError,
  LOGGER,
  System,
  systemActor,
  withActor,
  type Clock,
  type Logger,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { PolicyBook } from '../policy/policy-book.service.js';
import { partitionName, unreadUsage, USAGE_TOPICS } from '../signals/usage-read.service.js';
import { forgetSources, openGaps, resolveGaps } from './data-gaps.service.js';
import { listenedUpTo } from './heard.js';

/**
 * Notices that a source has gone silent. By the clock, as nothing else tells of what does not come; but only as far as the log is read:
 * while we are behind, a source may have spoken. A log that does not answer is no excuse: then nothing comes for certain.
 */

const IDLE_MS = 1_000;

@Injectable()
export class Listening extends BackgroundLoop {
  constructor(
    @Inject(databaseOf('fair-use')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(System) private readonly system: System,
    @Inject(PolicyBook) private readonly book: PolicyBook,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super({ name: 'listening for silent sources', idleMs: IDLE_MS, logger });
  }

  protected override async step(): Promise<boolean> {
    await this.listen();
    return false;
  }

  async listen(): Promise<void> {
    // In this order: what is read to its end after the marks was so up to them, and to the clock before them.
    const now = this.clock.now();
    const newestAppends = await this.newestAppends();
    const unread = await unreadUsage(this.system).catch(noneWhileAway);
    const listenedTo = listenedUpTo(now, newestAppends, unread);
    const { opened, resolved } = await withActor(this.database, systemActor('fair-use'), async (tx) => {
      const { dataGap } = (await this.book.read(tx)).counting;
      const heardAgain = await resolveGaps(tx, dataGap, now);
      await forgetSources(tx, now);
      return {
        resolved: heardAgain,
        opened: listenedTo ? await openGaps(tx, dataGap, listenedTo, now) : [],
      };
    });
    for (const gap of opened) this.logger.warn(gap, 'a source of events has gone silent');
    for (const gap of resolved) this.logger.info(gap, 'a source of events is heard again');
  }

  private async newestAppends(): Promise<Map<string, Date>> {
    const marks = await this.database.query<{ topic: string; partition: number; newest: Date }[]>(
      'select topic, partition, appended_at as newest from watermark where topic = any($1)',
      [USAGE_TOPICS],
    );
    return new Map(marks.map(({ topic, partition, newest }) => [partitionName(topic, partition), newest]));
  }
}

function noneWhileAway(error: unknown): string[] {
  if (error instanceof EventLogError) return [];
  throw error;
}
