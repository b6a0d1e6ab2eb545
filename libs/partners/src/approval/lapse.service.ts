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
import { lockIntegration } from '../restriction/change-restriction.service.js';
import { lapse } from './approval.js';
import { changeApproval, dueToLapse } from './approval.service.js';

/** Writes down that nobody has approved in time, so that the timeline says it, once. It was void by then. */

const IDLE_MS = 5_000;
const BATCH = 100;

@Injectable()
export class Lapse extends BackgroundLoop {
  private readonly actor = systemActor('partners');

  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ name: 'expiry of approvals', idleMs: IDLE_MS, logger });
  }

  protected override async step(): Promise<boolean> {
    const now = this.clock.now();
    const due = await withActor(this.database, this.actor, (tx) => dueToLapse(tx, now, BATCH));
    for (const found of due) {
      await withActor(this.database, this.actor, async (tx) => {
        await lockIntegration(tx, found.integrationId);
        await changeApproval(tx, this.actor, now, {
          approvalId: found.approvalId,
          action: 'approval_expired',
          reason: null,
          seenVersion: undefined,
          // Another process may have written it down.
          decide: (current) => lapse(current ?? found, now),
        });
      });
    }
    return due.length === BATCH;
  }
}
