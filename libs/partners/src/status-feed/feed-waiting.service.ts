import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { LOGGER, Problem, databaseOf, startLoop, type Logger, type Loop } from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { newestRevision } from './read-feed.service.js';

/**
 * Gateways that wait for the next change. All of them share one small question to the database every 200 ms, asked only while
 * somebody waits; a waiting gateway holds no connection to it. A command given to another process is seen just as soon, and
 * there is no subscription that could be lost unnoticed.
 */

const ASK_EVERY_MS = 200;
/** In one process. */
const MAX_WAITING = 200;
const ANSWERING_MS = 50;

interface Waiting {
  readonly after: number;
  /** Ends the wait. */
  readonly goOn: (isPast: boolean) => void;
}

@Injectable()
export class FeedWaiting implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly waiting = new Set<Waiting>();
  private loop: Loop | undefined;
  private isClosed = false;

  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const { logger } = this;
    this.loop = startLoop({ name: 'status feed', idleMs: ASK_EVERY_MS, logger, step: () => this.look() });
  }

  /** Before the server closes: it waits for open requests. */
  async onModuleDestroy(): Promise<void> {
    this.isClosed = true;
    await this.loop?.stop();
    for (const { goOn } of this.waiting) goOn(false);
    // Their answers are on their way before connections are closed.
    await new Promise((resolve) => setTimeout(resolve, ANSWERING_MS));
  }

  /**
   * True as soon as the feed is past a revision; false when the time is up, the client has left or the process stops.
   * @throws Problem 503 when too many wait
   */
  async past(after: number, milliseconds: number, left: AbortSignal): Promise<boolean> {
    if (this.isClosed || left.aborted) return false;
    if (this.waiting.size >= MAX_WAITING) {
      throw new Problem(
        503,
        'too-many-waiting',
        `${MAX_WAITING} gateways wait here already: ask without waitSeconds, or come back in a while`,
        {},
        { 'retry-after': '5' },
      );
    }
    return new Promise<boolean>((resolve) => {
      const goOn = (isPast: boolean) => {
        clearTimeout(timer);
        left.removeEventListener('abort', giveUp);
        this.waiting.delete(waiting);
        resolve(isPast);
      };
      const giveUp = () => goOn(false);
      const waiting: Waiting = { after, goOn };
      const timer = setTimeout(giveUp, milliseconds);
      left.addEventListener('abort', giveUp);
      this.waiting.add(waiting);
    });
  }

  private async look(): Promise<boolean> {
    if (this.waiting.size === 0) return false;
    const revision = await newestRevision(this.database);
    for (const { after, goOn } of this.waiting) if (revision > after) goOn(true);
    return false;
  }
}
