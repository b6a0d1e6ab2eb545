import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { Quarter } from '@taxameter/contracts';
import { CLOCK, Problem, databaseOf, newId, runCommand } from '@taxameter/platform';
import type { Call, Clock } from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import type { InvoiceDraft } from '../invoice/invoice.js';
import { BILLING_SETTINGS } from '../seller/billing-settings.service.js';
import type { BillingSettings } from '../seller/billing-settings.service.js';
import { appendAudit } from './audit.service.js';
import { changesBetween } from './basis.js';
import type { Change } from './basis.js';
import { previewNow } from './preview.service.js';
import type { Preview } from './preview.js';
import { lockRun, lockRunOfQuarter, storePartners } from './run-rows.service.js';
import type { RunRow } from './run-rows.service.js';
import { readRun } from './run-view.service.js';
import type { RunView } from './run-answers.js';

const HOUR_MS = 3_600_000;
const CHANGES_SHOWN = 50;

/** The commands on a billing run. Each locks the run, checks its state and leaves an audit line. */
@Injectable()
export class BillingRuns {
  constructor(
    @Inject(databaseOf('billing')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(BILLING_SETTINGS) private readonly settings: BillingSettings,
  ) {}

  /**
   * Previews a quarter as a new run. A completed quarter is answered as it stands and nothing is done (domain
   * case 18); one with parked or failed partners is previewed again for these alone (case 19).
   * @throws Problem 409 when the quarter is not closed, or when it has a run under way
   */
  async create(call: Call, quarterName: string, overrideReason: string | null): Promise<RunView> {
    return this.command(call, async (tx) => {
      const quarter = Quarter.parse(quarterName);
      const existing = await lockRunOfQuarter(tx, quarterName);
      if (existing) return this.again(tx, call, existing);
      this.mustBeClosed(quarter, overrideReason);
      const runId = await this.insertRun(tx, call, quarterName, overrideReason);
      if (runId === null) {
        const winner = await lockRunOfQuarter(tx, quarterName);
        if (winner) return this.again(tx, call, winner);
        throw new Problem(
          409,
          'run-exists',
          `another run of ${quarterName} was cancelled just now: try again`,
        );
      }
      await this.preview(tx, call, runId, quarter, overrideReason);
      return readRun(tx, runId);
    });
  }

  /**
   * Fixes issue and due date of every drafted partner. The figures must still be what the preview showed.
   * @throws Problem 409 when the run is no draft, or master data, ledger or settings have changed since the
   * preview
   */
  async approve(call: Call, runId: string): Promise<RunView> {
    return this.command(call, async (tx) => {
      const run = await lockRun(tx, runId);
      this.mustBe(run, ['draft'], 'approved');
      const fresh = await previewNow(tx, Quarter.parse(run.quarter), this.settings);
      const known = changesBetween(run.basis, fresh.basis);
      const changes = known.length > 0 ? known : await this.moved(tx, runId, fresh);
      if (changes.length > 0) {
        const what =
          'master data, SMS or settings changed since the preview: cancel the run and preview again';
        throw new Problem(409, 'preview-outdated', what, { runId, changes: changes.slice(0, CHANGES_SHOWN) });
      }
      const now = this.clock.now();
      await tx.query(
        "update billing_run set status = 'approved', approved_at = $2, approved_by = $3 where run_id = $1",
        [runId, now, call.actor.id],
      );
      await tx.query(
        `update billing_run_partner set status = 'approved', approved_at = $2
         where run_id = $1 and status = 'draft'`,
        [runId, now],
      );
      await this.audit(tx, call, 'run_approved', runId);
      return readRun(tx, runId);
    });
  }

  /**
   * Lets the background issue what is approved; the answer comes at once. Of an issued run nothing is issued
   * twice; partners that failed are tried again.
   * @throws Problem 409 when the run is not approved
   */
  async issue(call: Call, runId: string): Promise<RunView> {
    return this.command(call, async (tx) => {
      const run = await lockRun(tx, runId);
      const states = ['approved', 'issuing', 'completed', 'completed_with_errors'] as const;
      this.mustBe(run, states, 'issued');
      const [open] = await tx.query<unknown[]>(
        "select from billing_run_partner where run_id = $1 and status = 'approved' limit 1",
        [runId],
      );
      if (run.status === 'approved' || (run.status === 'completed_with_errors' && open)) {
        await tx.query(
          'update billing_run_partner set failure = null where run_id = $1 and failure is not null',
          [runId],
        );
        await tx.query("update billing_run set status = 'issuing', completed_at = null where run_id = $1", [
          runId,
        ]);
        await this.audit(tx, call, 'run_issue_requested', runId);
      }
      return readRun(tx, runId);
    });
  }

  /**
   * Gives a draft up, so that the quarter can be previewed again. Where the run has issued invoices already,
   * only its open drafts are given up: they are parked.
   * @throws Problem 409 when the run is no draft
   */
  async cancel(call: Call, runId: string): Promise<RunView> {
    return this.command(call, async (tx) => {
      const run = await lockRun(tx, runId);
      this.mustBe(run, ['draft'], 'cancelled');
      const [issued] = await tx.query<unknown[]>(
        "select from billing_run_partner where run_id = $1 and status = 'issued' limit 1",
        [runId],
      );
      if (issued) {
        await tx.query(
          `update billing_run_partner set status = 'parked', parked = $2 where run_id = $1
           and status = 'draft'`,
          [runId, JSON.stringify({ reason: 'preview_cancelled', missing: [], country: null })],
        );
      }
      await tx.query('update billing_run set status = $2 where run_id = $1', [
        runId,
        issued ? 'completed_with_errors' : 'cancelled',
      ]);
      await this.audit(tx, call, 'run_cancelled', runId);
      return readRun(tx, runId);
    });
  }

  private async command(call: Call, work: (tx: EntityManager) => Promise<RunView>): Promise<RunView> {
    return runCommand(this.database, call, this.clock, work);
  }

  private async again(tx: EntityManager, call: Call, run: RunRow): Promise<RunView> {
    const { runId, quarter, status } = run;
    if (status === 'completed') return readRun(tx, runId);
    if (status === 'completed_with_errors') {
      await this.preview(tx, call, runId, Quarter.parse(quarter), run.overrideReason);
      await this.completeWhenNothingIsDrafted(tx, runId);
      return readRun(tx, runId);
    }
    const detail = `${quarter} has the run ${runId} (${status}): go on with it, or cancel it as a draft`;
    throw new Problem(409, 'run-exists', detail, { runId, runStatus: status });
  }

  /** Null when somebody else has inserted the quarter's run meanwhile; waits for them to commit. */
  private async insertRun(
    tx: EntityManager,
    call: Call,
    quarter: string,
    overrideReason: string | null,
  ): Promise<string | null> {
    const rows = await tx.query<{ run_id: string }[]>(
      `insert into billing_run
         (run_id, quarter, kind, status, created_at, created_by, override_reason, previewed_at, basis, held)
       values ($1, $2, 'quarterly', 'draft', $3, $4, $5, $3, '{}', '[]')
       on conflict (quarter, kind) where status <> 'cancelled' do nothing
       returning run_id`,
      [newId('billingRun', this.clock), quarter, this.clock.now(), call.actor.id, overrideReason],
    );
    return rows[0]?.run_id ?? null;
  }

  private async preview(
    tx: EntityManager,
    call: Call,
    runId: string,
    quarter: Quarter,
    overrideReason: string | null,
  ): Promise<void> {
    const { partners, held, basis } = await previewNow(tx, quarter, this.settings);
    await tx.query(
      "update billing_run set status = 'draft', previewed_at = $2, basis = $3, held = $4 where run_id = $1",
      [runId, this.clock.now(), JSON.stringify(basis), JSON.stringify(held)],
    );
    await storePartners(tx, runId, partners);
    const { ledger, nextOffsets } = basis;
    await this.audit(tx, call, 'run_previewed', runId, {
      quarter: quarter.toString(),
      overrideReason,
      ledger,
      nextOffsets,
    });
  }

  private async completeWhenNothingIsDrafted(tx: EntityManager, runId: string): Promise<void> {
    await tx.query(
      `update billing_run r
       set status = case when exists (select from billing_run_partner p
                                      where p.run_id = r.run_id and p.status = 'parked')
                         then 'completed_with_errors' else 'completed' end
       where run_id = $1
         and not exists (select from billing_run_partner p where p.run_id = r.run_id
          and p.status = 'draft')`,
      [runId],
    );
  }

  /**
   * Drafts that would come out otherwise now although the master data is the same: seller, price or countries
   * changed.
   */
  private async moved(tx: EntityManager, runId: string, fresh: Preview): Promise<Change[]> {
    const rows = await tx.query<{ partnerId: string; draft: InvoiceDraft }[]>(
      `select partner_id as "partnerId", draft from billing_run_partner where run_id = $1
       and status = 'draft'`,
      [runId],
    );
    const now = new Map(fresh.partners.map(({ partnerId, draft }) => [partnerId, draft]));
    return rows
      .filter(({ partnerId, draft }) => !isDeepStrictEqual(draft, now.get(partnerId)))
      .map(({ partnerId }) => ({ what: 'settings', id: partnerId, seen: null, now: null }));
  }

  private mustBeClosed(quarter: Quarter, overrideReason: string | null): void {
    const closesAt = new Date(quarter.end.getTime() + this.settings.graceHours * HOUR_MS);
    const now = this.clock.now();
    // An override may shorten the grace, never the quarter: a partner gets one invoice a quarter, and what is sent after
    // it could not be billed any more.
    if (now >= closesAt || (overrideReason !== null && now >= quarter.end)) return;
    const possibleFrom = closesAt.toISOString();
    const detail =
      overrideReason === null
        ? `${quarter} is open until ${possibleFrom}: wait, or give an override with its reason`
        : `${quarter} has not ended: an override shortens the grace after it, not the quarter`;
    throw new Problem(409, 'quarter-not-closed', detail, { possibleFrom });
  }

  private mustBe(run: RunRow, states: readonly RunRow['status'][], verb: string): void {
    if (states.includes(run.status)) return;
    const detail = `the run ${run.runId} is ${run.status}: only a run that is ${states[0]} can be ${verb}`;
    throw new Problem(409, 'run-in-other-state', detail, { runId: run.runId, runStatus: run.status });
  }

  private async audit(
    tx: EntityManager,
    call: Call,
    action: string,
    runId: string,
    detail = {},
  ): Promise<void> {
    await appendAudit(tx, { at: this.clock.now(), actor: call.actor.id, action, subject: runId, detail });
  }
}
