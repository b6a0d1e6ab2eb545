import { Inject, Injectable } from '@nestjs/common';
import {
  BackgroundLoop,
  CLOCK,
  databaseOf,
  LOGGER,
  System,
  systemActor,
  withActor,
  type Clock,
  type Logger,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { minutesClosedFor } from '../evaluation/closing.service.js';
import { PolicyBook } from '../policy/policy-book.service.js';
import { freezeNext, nextDue } from './evidence-store.service.js';

/**
 * Freezes the evidence of cases once the hours that it tells of are closed. Apart from the evaluator: nothing is judged by it, so
 * no judgement waits for it either.
 */

const IDLE_MS = 1_000;

@Injectable()
export class Freezing extends BackgroundLoop {
  constructor(
    @Inject(databaseOf('fair-use')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(System) private readonly system: System,
    @Inject(PolicyBook) private readonly book: PolicyBook,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ name: 'evidence of cases', idleMs: IDLE_MS, logger });
  }

  /** One piece; true when there may be more. */
  protected override async step(): Promise<boolean> {
    const oldest = await nextDue(this.database.manager);
    if (oldest === null) return false;
    const { policies } = await this.book.read(this.database);
    const before = await minutesClosedFor(oldest, this.database, this.system, policies);
    if (before <= oldest) return false;
    return withActor(this.database, systemActor('fair-use'), (tx) =>
      freezeNext(tx, before, this.clock.now()),
    );
  }
}
