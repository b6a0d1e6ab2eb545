import { TOPICS, invoiceIssued, parseOre, parseUnitPrice } from '@taxameter/contracts';
import type { InvoiceIssuedEvent } from '@taxameter/contracts';
import { newId, publishFacts } from '@taxameter/platform';
import type { Clock } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { buildInvoice } from '../invoice/invoice.js';
import type { InvoiceDraft, InvoiceSnapshot } from '../invoice/invoice.js';
import { appendAudit } from '../run/audit.service.js';
import type { JudgedCount } from '../run/preview.js';
import { BELOW_OFFSETS } from '../run/preview.service.js';

interface ApprovedRow {
  readonly status: string;
  readonly draft: InvoiceDraft;
  readonly judged: readonly JudgedCount[];
  readonly approvedAt: Date;
  readonly quarter: string;
  readonly nextOffsets: Readonly<Record<string, number>>;
}

/**
 * Which run, and who the audit names: the background that issues, whoever asked for it (that is a line of its
 * own).
 */
export interface IssuingRun {
  readonly runId: string;
  readonly actorId: string;
}

/**
 * Issues one partner's approved invoice in the caller's transaction: its SMS are bound to it, then the number
 * is drawn, last of all, so that the series is locked for a moment only and a rollback leaves no gap.
 *
 * @returns the number, or null when the partner is not (or no longer) waiting for one
 * @throws Error when the ledger does not give the SMS that were approved
 */
export async function issuePartner(
  tx: EntityManager,
  run: IssuingRun,
  partnerId: string,
  clock: Clock,
): Promise<number | null> {
  const { runId } = run;
  const [row] = await tx.query<ApprovedRow[]>(LOCK_APPROVED, [runId, partnerId]);
  if (row?.status !== 'approved') return null;
  const invoiceId = newId('invoice', clock);
  await bindSms(tx, row, invoiceId, partnerId);

  const number = await drawNumber(tx);
  const snapshot = buildInvoice(row.draft, { number: String(number), issuedAt: row.approvedAt });
  await storeInvoice(tx, snapshot, { invoiceId, runId, storedAt: clock.now() });
  await tx.query(
    `update billing_run_partner set status = 'issued', invoice_number = $3, failure = null
     where run_id = $1 and partner_id = $2`,
    [runId, partnerId, number],
  );
  await publishFacts(tx, 'billing', [
    {
      topic: TOPICS.documents,
      key: `invoice|${number}`,
      type: invoiceIssued.type,
      time: clock.now(),
      data: factOf(snapshot, runId),
    },
  ]);
  const detail = { number, partnerId, gross: snapshot.totals.gross };
  await appendAudit(tx, {
    at: clock.now(),
    actor: run.actorId,
    action: 'invoice_issued',
    subject: runId,
    detail,
  });
  return number;
}

/**
 * Every SMS is judged by what was approved, never anew: what has changed since belongs to another invoice.
 */
async function bindSms(
  tx: EntityManager,
  { draft, judged, quarter, nextOffsets }: ApprovedRow,
  invoiceId: string,
  partnerId: string,
): Promise<void> {
  const priced = judged.map((count) => ({ ...count, unitPrice: parseUnitPrice(count.unitPrice).toString() }));
  const [bound] = await tx.query<{ billed: number; held: number; test: number; amount: string }[]>(BIND, [
    quarter,
    JSON.stringify(nextOffsets),
    JSON.stringify(priced),
    invoiceId,
    partnerId,
  ]);
  const agreements = draft.sections.flatMap((section) => section.agreements);
  const amount = agreements.reduce((sum, agreement) => sum + parseUnitPrice(agreement.amount), 0n);
  const { billed, held, test } = draft.counts;
  const isSame =
    bound?.billed === billed && bound.held === held && bound.test === test && BigInt(bound.amount) === amount;
  if (isSame) return;
  throw new Error(
    `the ledger gives ${bound?.billed} billed, ${bound?.held} held and ${bound?.test} test SMS, ` +
      `approved were ${billed}, ${held} and ${test}`,
  );
}

async function drawNumber(tx: EntityManager): Promise<number> {
  const [rows] = await tx.query<[{ number: number }[], number]>(
    `update number_series set next_number = next_number + 1 where series = 'invoice'
     returning next_number - 1 as number`,
  );
  if (!rows[0]) throw new Error('the number series "invoice" is missing');
  return rows[0].number;
}

async function storeInvoice(
  tx: EntityManager,
  snapshot: InvoiceSnapshot,
  { invoiceId, runId, storedAt }: { invoiceId: string; runId: string; storedAt: Date },
): Promise<void> {
  const { customer, totals } = snapshot;
  await tx.query(
    `insert into invoice
       (invoice_id, number, run_id, quarter, kind, partner_id, partner_name, issue_date, due_date,
        issued_at, stored_at, sms_count, net_ore, vat_ore, gross_ore, snapshot)
     values ($1, $2, $3, $4, 'quarterly', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
    [
      invoiceId,
      snapshot.number,
      runId,
      snapshot.quarter,
      customer.partnerId,
      customer.name,
      snapshot.issueDate,
      snapshot.dueDate,
      snapshot.issuedAt,
      storedAt,
      snapshot.counts.billed,
      parseOre(totals.net).toString(),
      parseOre(totals.vat).toString(),
      parseOre(totals.gross).toString(),
      JSON.stringify(snapshot),
    ],
  );
}

function factOf(snapshot: InvoiceSnapshot, runId: string): InvoiceIssuedEvent['data'] {
  const { number, quarter, customer, issuedAt, issueDate, dueDate, currency, counts, totals } = snapshot;
  const { partnerId, name: partnerName } = customer;
  const figures = { currency, smsCount: counts.billed, ...totals };
  return {
    invoiceNumber: number,
    version: 1,
    partnerId,
    partnerName,
    quarter,
    runId,
    issuedAt,
    issueDate,
    dueDate,
    ...figures,
  };
}

const LOCK_APPROVED = `
  select p.status, p.draft, p.judged, p.approved_at as "approvedAt", r.quarter,
         r.basis -> 'nextOffsets' as "nextOffsets"
  from billing_run_partner p join billing_run r using (run_id)
  where p.run_id = $1 and p.partner_id = $2
  for update of p`;

const BIND = `
  with judged as (
    select l.message_id, l.integration_id, l.organization_id, l.sent_at, judged.outcome, judged.reason,
           judged."unitPrice"
    from sms_ledger l
    join jsonb_to_recordset($3::jsonb) as judged
      ("integrationId" text, "agreementId" text, "recipientCountry" text, "testMode" boolean,
       "from" timestamptz, "to" timestamptz, outcome text, reason text, "unitPrice" bigint)
      on l.integration_id = judged."integrationId" and l.organization_id = judged."agreementId"
     and l.recipient_country = judged."recipientCountry" and l.test_mode = judged."testMode"
     and l.sent_at >= judged."from" and l.sent_at < judged."to"
    where l.quarter = $1 and ${BELOW_OFFSETS}
      and not exists (select from billed_sms where message_id = l.message_id)
  ), billed as (
    insert into billed_sms
      (message_id, invoice_id, partner_id, integration_id, agreement_id, sent_at, unit_price)
    select message_id, $4, $5, integration_id, organization_id, sent_at, "unitPrice"
    from judged where outcome = 'billed'
    returning unit_price
  ), unbilled as (
    insert into unbilled_sms
      (invoice_id, integration_id, sent_at, message_id, partner_id, agreement_id, outcome, reason)
    select $4, integration_id, sent_at, message_id, $5, organization_id, outcome, reason
    from judged where outcome <> 'billed'
    returning outcome
  )
  select (select count(*) from billed) as billed,
         (select coalesce(sum(unit_price), 0)::text from billed) as amount,
         (select count(*) from unbilled where outcome = 'held') as held,
         (select count(*) from unbilled where outcome = 'test') as test`;
