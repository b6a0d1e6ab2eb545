import { copenhagenDate, formatOre, parseOre, startOfCopenhagenDay } from '@taxameter/contracts';
import { notFound } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { PAYMENT_TERM_DAYS } from '../invoice/invoice.js';
import type { InvoiceDraft, SmsCounts } from '../invoice/invoice.js';
import type { Parked } from './preview.js';
import type { RunSummary, RunView } from './run-answers.js';
import { RUN_COLUMNS } from './run-rows.service.js';
import type { PartnerStatus, RunRow } from './run-rows.service.js';

interface PartnerRow {
  readonly runId: string;
  readonly partnerId: string;
  readonly name: string | null;
  readonly status: PartnerStatus;
  readonly parked: Parked | null;
  readonly warnings: string[];
  readonly counts: SmsCounts;
  readonly totals: InvoiceDraft['totals'] | null;
  readonly sections: InvoiceDraft['sections'] | null;
  readonly failure: string | null;
  readonly invoiceNumber: number | null;
  readonly documents: number;
}

/** @throws Problem 404 */
export async function readRun(tx: EntityManager, runId: string): Promise<RunView> {
  const [run] = await tx.query<RunRow[]>(`select ${RUN_COLUMNS} from billing_run where run_id = $1`, [runId]);
  if (!run) throw notFound(`billing run ${runId}`);
  const partners = await tx.query<PartnerRow[]>(PARTNERS, [[runId]]);
  const { partners: seenPartners = {}, integrations = {}, agreements = {}, ledger = {} } = run.basis;
  return {
    ...summaryOf(run, partners),
    ...datesOf(run.approvedAt),
    seen: { partners: seenPartners, integrations, agreements, ledger },
    partners: partners.map(partnerView),
    holds: run.held.map((held) => ({
      partnerId: held.partnerId,
      integrationId: held.integrationId,
      agreementId: held.agreementId,
      reason: held.reason ?? 'unknown_owner',
      recipientCountry: held.recipientCountry,
      from: held.from,
      to: held.to,
      quantity: held.quantity,
    })),
  };
}

/** Newest first, those before the id `before` (ids grow with time). */
export async function listRuns(
  tx: EntityManager,
  page: { readonly quarter: string | null; readonly before: string | null; readonly limit: number },
): Promise<RunSummary[]> {
  const runs = await tx.query<RunRow[]>(
    `select ${RUN_COLUMNS} from billing_run
     where ($1::text is null or quarter = $1) and ($2::text is null or run_id < $2)
     order by run_id desc limit $3`,
    [page.quarter, page.before, page.limit],
  );
  const partners = await tx.query<PartnerRow[]>(PARTNERS, [runs.map(({ runId }) => runId)]);
  const byRun = new Map(runs.map(({ runId }) => [runId, [] as PartnerRow[]]));
  for (const partner of partners) byRun.get(partner.runId)?.push(partner);
  return runs.map((run) => summaryOf(run, byRun.get(run.runId) ?? []));
}

function summaryOf(run: RunRow, partners: readonly PartnerRow[]): RunSummary {
  const sum = { net: 0n, vat: 0n, gross: 0n };
  const counts = { billed: 0, test: 0, held: 0 };
  const partnersByStatus: Record<string, number> = {};
  for (const partner of partners) {
    partnersByStatus[partner.status] = (partnersByStatus[partner.status] ?? 0) + 1;
    for (const outcome of ['billed', 'test', 'held'] as const) counts[outcome] += partner.counts[outcome];
    if (!partner.totals || partner.status === 'parked') continue;
    for (const part of ['net', 'vat', 'gross'] as const) sum[part] += parseOre(partner.totals[part]);
  }
  for (const { partnerId, quantity } of run.held) if (partnerId === null) counts.held += quantity;
  return {
    runId: run.runId,
    quarter: run.quarter,
    kind: run.kind,
    status: run.status,
    createdAt: run.createdAt.toISOString(),
    createdBy: run.createdBy,
    overrideReason: run.overrideReason,
    approvedAt: run.approvedAt?.toISOString() ?? null,
    approvedBy: run.approvedBy,
    completedAt: run.completedAt?.toISOString() ?? null,
    totals: { net: formatOre(sum.net), vat: formatOre(sum.vat), gross: formatOre(sum.gross), ...counts },
    partnersByStatus,
  };
}

function datesOf(approvedAt: Date | null): Pick<RunView, 'issueDate' | 'dueDate'> {
  if (approvedAt === null) return { issueDate: null, dueDate: null };
  const issueDate = copenhagenDate(approvedAt);
  const [year = 0, month = 0, day = 0] = issueDate.split('-').map(Number);
  return { issueDate, dueDate: copenhagenDate(startOfCopenhagenDay(year, month, day + PAYMENT_TERM_DAYS)) };
}

function partnerView(row: PartnerRow): RunView['partners'][number] {
  const drawn = row.documents >= 2 ? 'ready' : 'being_drawn';
  return {
    partnerId: row.partnerId,
    name: row.name,
    status: row.status,
    parked: row.parked && { ...row.parked, missing: [...row.parked.missing] },
    warnings: row.warnings,
    counts: row.counts,
    lines: (row.sections ?? []).flatMap(({ integrationId, lines }) =>
      lines.map((line) => ({ integrationId, ...line })),
    ),
    totals: row.totals,
    failure: row.failure,
    invoiceNumber: row.invoiceNumber === null ? null : String(row.invoiceNumber),
    documents: row.invoiceNumber === null ? 'none' : drawn,
  };
}

const PARTNERS = `
  select p.run_id as "runId", p.partner_id as "partnerId", p.name, p.status, p.parked, p.warnings, p.counts,
         p.draft -> 'totals' as totals, p.draft -> 'sections' as sections, p.failure,
         p.invoice_number as "invoiceNumber",
         (select count(*) from document d join invoice i using (invoice_id)
          where i.number = p.invoice_number) as documents
  from billing_run_partner p
  where p.run_id = any($1)
  order by p.run_id, p.partner_id`;
