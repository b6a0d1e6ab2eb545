import { Inject, Injectable } from '@nestjs/common';
import {
  CLOCK,
  LOGGER,
  databaseOf,
  BackgroundLoop,
  systemActor,
  withActor,
  type Clock,
  type Logger,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { changeRestriction } from './change-restriction.service.js';
import { expire } from './restriction.js';
import { dueToExpire } from './restriction.service.js';

/**
 * Writes down that restrictions have expired, so that the timeline and the feed say it, once each. They have ended by then:
 * gateways judge the end by their own clock, and nothing waits for this loop.
 */

const IDLE_MS = 5_000;
const BATCH = 100;

@Injectable()
export class Expiry extends BackgroundLoop {
  private readonly actor = systemActor('partners');

  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ name: 'expiry of restrictions', idleMs: IDLE_MS, logger });
  }

  protected override async step(): Promise<boolean> {
    const now = this.clock.now();
    const due = await withActor(this.database, this.actor, (tx) => dueToExpire(tx, now, BATCH));
    for (const found of due) {
      const { restrictionId, integrationId } = found;
      await withActor(this.database, this.actor, (tx) =>
        changeRestriction(tx, this.actor, now, {
          restrictionId,
          integrationId,
          action: 'restriction_expired',
          reason: null,
          seenVersion: undefined,
          // Another process may have written it down, or a person may have given it a later end.
          decide: (current) => expire(current ?? found, now),
        }),
      );
    }
    return due.length === BATCH;
  }
}
