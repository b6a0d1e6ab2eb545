import { CLOCK, databaseOf, LOGGER, BackgroundLoop, type Clock, type Logger } from '@taxameter/platform';
import { Inject, Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { nextSequence } from '../alerts/alert-rows.service.js';
import { Telling } from '../news/telling.service.js';
import { endLeak } from './leak.js';
import { keepLeak, leakToEnd } from './leaks.service.js';

/**
 * Ends the leaks of blocks that have expired. They do so by the clock and no fact need tell of it: fair-use is silent when no
 * call comes.
 */

const IDLE_MS = 5_000;

@Injectable()
export class LeakEndings extends BackgroundLoop {
  constructor(
    @Inject(databaseOf('alerting')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(Telling) private readonly telling: Telling,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ name: 'ends of leaks', idleMs: IDLE_MS, logger });
  }

  protected override async step(): Promise<boolean> {
    const now = this.clock.now();
    if ((await leakToEnd(this.database.manager, now)) === null) return false;
    return this.database.transaction(async (tx) => {
      const sequence = await nextSequence(tx);
      // Read again under the lock: another process may have ended it, or a fact may have moved its end.
      const leak = await leakToEnd(tx, now);
      if (leak)
        await keepLeak(tx, this.telling, this.clock, endLeak(leak), sequence, new Date(leak.observed.until!));
      return leak !== null;
    });
  }
}
