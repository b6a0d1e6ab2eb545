import { Inject, Injectable } from '@nestjs/common';
import {
  BackgroundLoop,
  CLOCK,
  databaseOf,
  LOGGER,
  systemActor,
  withActor,
  type Clock,
  type Logger,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { minuteOf } from '../signals/minute.js';
import {
  finishBackTest,
  MAX_CASES,
  saveProgress,
  takeBackTest,
  type BackTest,
} from './back-test-store.service.js';
import { policiesUnder } from './policies-under.service.js';
import {
  compareIntegration,
  findSuspicions,
  type BackTestInput,
  type Suspicions,
} from './run-back-test.service.js';

/**
 * Works on back-tests, one after the other, a few integrations at a time: progress shows, and who cancels need not wait. A process that
 * ends leaves its back-test to the next one, which looks for suspicions anew and goes on after the last integration judged.
 */

const IDLE_MS = 1_000;
const INTEGRATIONS_PER_STEP = 20;

@Injectable()
export class BackTester extends BackgroundLoop {
  /** Of the one that is being worked on. */
  private looked: { readonly backTestId: string; readonly suspicions: Suspicions } | null = null;

  constructor(
    @Inject(databaseOf('fair-use')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super({ name: 'fair-use back-tester', idleMs: IDLE_MS, logger });
  }

  protected override async step(): Promise<boolean> {
    return withActor(this.database, systemActor('fair-use'), async (tx) => {
      const backTest = await takeBackTest(tx);
      if (!backTest) {
        this.looked = null;
        return false;
      }
      // What one back-test stumbles over must neither stop the others nor be tried for ever.
      await tx.query('savepoint work');
      try {
        await this.work(tx, backTest);
      } catch (error) {
        this.logger.error({ err: error, backTestId: backTest.backTestId }, 'a back-test failed');
        await tx.query('rollback to savepoint work');
        const reason = error instanceof Error ? error.message : String(error);
        await finishBackTest(tx, backTest.backTestId, 'failed', this.clock.now(), reason);
      }
      return true;
    });
  }

  private async work(tx: EntityManager, backTest: BackTest): Promise<void> {
    const { backTestId } = backTest;
    const input: BackTestInput = {
      candidate: policiesUnder(backTest.candidate),
      today: policiesUnder(backTest.today),
      range: { from: minuteOf(backTest.from.toISOString()), to: minuteOf(backTest.to.toISOString()) },
    };
    if (this.looked?.backTestId !== backTestId) {
      this.looked = { backTestId, suspicions: await findSuspicions(tx, input) };
    }
    const all = [...this.looked.suspicions.keys()].sort();
    const next = all.filter((id) => id > backTest.lastJudged).slice(0, INTEGRATIONS_PER_STEP);
    const found = [];
    for (const integrationId of next) {
      const suspicions = this.looked.suspicions.get(integrationId)!;
      found.push(...(await compareIntegration(tx, integrationId, suspicions, input)));
    }
    const last = next.at(-1) ?? backTest.lastJudged;
    await saveProgress(tx, backTest, { integrations: all.length, judged: next.length, last }, found);
    if (backTest.cases + found.length > MAX_CASES) {
      throw new RangeError(`more than ${MAX_CASES} cases: choose a shorter time, or a milder policy`);
    }
    if (last === (all.at(-1) ?? backTest.lastJudged))
      await finishBackTest(tx, backTestId, 'done', this.clock.now());
  }
}
