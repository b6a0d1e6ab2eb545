import { notFound } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { Basis } from './basis.js';
import type { JudgedCount, PartnerPreview } from './preview.js';

export type RunStatus =
  'draft' | 'approved' | 'issuing' | 'completed' | 'completed_with_errors' | 'cancelled';
export type PartnerStatus = PartnerPreview['status'] | 'approved' | 'issued';

/** A run as stored. */
export interface RunRow {
  readonly runId: string;
  readonly quarter: string;
  readonly kind: 'quarterly';
  readonly status: RunStatus;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly overrideReason: string | null;
  readonly previewedAt: Date;
  readonly basis: Basis;
  readonly held: readonly JudgedCount[];
  readonly approvedAt: Date | null;
  readonly approvedBy: string | null;
  readonly completedAt: Date | null;
}

/** Columns of a run as `RunRow` names them. */
export const RUN_COLUMNS = `
  run_id as "runId", quarter, kind, status, created_at as "createdAt", created_by as "createdBy",
  override_reason as "overrideReason", previewed_at as "previewedAt", basis, held,
  approved_at as "approvedAt", approved_by as "approvedBy", completed_at as "completedAt"`;

/**
 * Holds the run until the transaction ends, so that of two commands on it one waits for the other.
 * @throws Problem 404
 */
export async function lockRun(tx: EntityManager, runId: string): Promise<RunRow> {
  const [run] = await tx.query<RunRow[]>(
    `select ${RUN_COLUMNS} from billing_run where run_id = $1 for update`,
    [runId],
  );
  if (!run) throw notFound(`billing run ${runId}`);
  return run;
}

/** The one run of a quarter that is not cancelled, locked. */
export async function lockRunOfQuarter(tx: EntityManager, quarter: string): Promise<RunRow | undefined> {
  const [run] = await tx.query<RunRow[]>(
    `select ${RUN_COLUMNS} from billing_run
     where quarter = $1 and kind = 'quarterly' and status <> 'cancelled' for update`,
    [quarter],
  );
  return run;
}

/** Stores previews of partners; those that have their invoice already stay as they are. */
export async function storePartners(
  tx: EntityManager,
  runId: string,
  partners: readonly PartnerPreview[],
): Promise<void> {
  await tx.query("delete from billing_run_partner where run_id = $1 and status <> 'issued'", [runId]);
  await tx.query(
    `insert into billing_run_partner
       (run_id, partner_id, name, status, parked, warnings, counts, draft, judged)
     select $1, "partnerId", name, status, nullif(parked, 'null'), warnings, counts,
            nullif(draft, 'null'), judged
     from jsonb_to_recordset($2::jsonb) as preview
       ("partnerId" text, name text, status text, parked jsonb, warnings jsonb, counts jsonb,
        draft jsonb, judged jsonb)
     on conflict do nothing`,
    [runId, JSON.stringify(partners)],
  );
}
