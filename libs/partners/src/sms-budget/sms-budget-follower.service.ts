import { Inject, Injectable } from '@nestjs/common';
import { Quarter } from '@taxameter/contracts';
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
import type { DataSource } from 'typeorm';
import { followBudget } from './follow-budget.service.js';
import { integrationsToFollow } from './sms-budget.service.js';

/**
 * Looks again at the budgets that are used up: an integration may have been handed over, reinstated or freed of another restriction since,
 * or the quarter has begun that an SMS from a clock ahead of ours was sent in.
 */

const IDLE_MS = 5_000;
const PIECE = 100;

@Injectable()
export class SmsBudgetFollower extends BackgroundLoop {
  private readonly actor = systemActor('partners');
  private after = '';

  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ name: 'SMS budgets', idleMs: IDLE_MS, logger });
  }

  protected override async step(): Promise<boolean> {
    const quarter = Quarter.of(this.clock.now()).toString();
    const integrationIds = await withActor(this.database, this.actor, (tx) =>
      integrationsToFollow(tx, quarter, this.after, PIECE),
    );
    for (const integrationId of integrationIds) {
      await withActor(this.database, this.actor, (tx) =>
        followBudget(tx, integrationId, this.actor, this.clock),
      );
    }
    const isFull = integrationIds.length === PIECE;
    this.after = isFull ? integrationIds.at(-1)! : '';
    return isFull;
  }
}
