import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, LOGGER, databaseOf, BackgroundLoop, systemActor, withActor } from '@taxameter/platform';
import type { Clock, Logger } from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { Drawing } from '../drawing/drawing.service.js';
import { appendAudit } from '../run/audit.service.js';
import { issuePartner } from './issue-partner.service.js';
import type { IssuingRun } from './issue-partner.service.js';

const IDLE_MS = 1_000;
const FAILURE_CHARACTERS = 500;

/**
 * Issues runs in the background, one partner per transaction: what a crash interrupts goes on after the
 * restart, and one partner's failure is written on that partner and stops nobody else.
 */
@Injectable()
export class Issuing extends BackgroundLoop {
  private readonly actor = systemActor('billing');

  constructor(
    @Inject(databaseOf('billing')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Drawing) private readonly drawing: Drawing,
  ) {
    super({ name: 'issuing of invoices', idleMs: IDLE_MS, logger });
  }

  protected override async step(): Promise<boolean> {
    const [issuing] = await this.database.query<{ runId: string }[]>(
      `select run_id as "runId" from billing_run where status = 'issuing' order by run_id limit 1`,
    );
    if (!issuing) return false;
    const run = { runId: issuing.runId, actorId: this.actor.id };
    const [next] = await this.database.query<{ partnerId: string }[]>(
      `select partner_id as "partnerId" from billing_run_partner
       where run_id = $1 and status = 'approved' and failure is null order by partner_id limit 1`,
      [run.runId],
    );
    if (next) await this.issueOne(run, next.partnerId);
    else await this.complete(run);
    return true;
  }

  private async issueOne(run: IssuingRun, partnerId: string): Promise<void> {
    try {
      const number = await withActor(this.database, this.actor, (tx) =>
        issuePartner(tx, run, partnerId, this.clock),
      );
      this.logger.info({ runId: run.runId, partnerId, number }, 'an invoice was issued');
      this.drawing.wake();
    } catch (error) {
      this.logger.error({ err: error, runId: run.runId, partnerId }, 'an invoice could not be issued');
      const failure = error instanceof Error ? error.message : String(error);
      // When the database is away this throws as well, nothing is written, and the loop tries the partner
      // again.
      await this.database.query(
        `update billing_run_partner set failure = $3 where run_id = $1 and partner_id = $2
         and status = 'approved'`,
        [run.runId, partnerId, failure.slice(0, FAILURE_CHARACTERS)],
      );
    }
  }

  private async complete({ runId }: IssuingRun): Promise<void> {
    await withActor(this.database, this.actor, async (tx) => {
      const [rows] = await tx.query<[{ status: string }[], number]>(COMPLETE, [runId, this.clock.now()]);
      const status = rows[0]?.status;
      if (!status) return;
      const detail = { status };
      const actor = this.actor.id;
      await appendAudit(tx, { at: this.clock.now(), actor, action: 'run_completed', subject: runId, detail });
    });
  }
}

const COMPLETE = `
  update billing_run r
  set completed_at = $2,
      status = case when exists (select from billing_run_partner p
                                 where p.run_id = r.run_id and p.status in ('parked', 'approved'))
                    then 'completed_with_errors' else 'completed' end
  where run_id = $1 and status = 'issuing'
  returning status`;
