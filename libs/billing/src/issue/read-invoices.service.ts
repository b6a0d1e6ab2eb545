import { formatOre } from '@taxameter/contracts';
import { Problem, notFound } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { DocumentKind } from '../drawing/drawing.service.js';
import type { InvoiceSnapshot } from '../invoice/invoice.js';
import type { InvoiceDetail, InvoiceSummary } from './invoice-answers.js';

/**
 * Reading issued invoices. A partner sees its own: row-level security decides, so a foreign number is not
 * found.
 */

interface InvoiceRow {
  readonly invoiceId: string;
  readonly number: number;
  readonly runId: string;
  readonly quarter: string;
  readonly partnerId: string;
  readonly partnerName: string;
  readonly issueDate: string;
  readonly dueDate: string;
  readonly smsCount: number;
  readonly net: string;
  readonly vat: string;
  readonly gross: string;
  readonly snapshot: InvoiceSnapshot;
  readonly documents: InvoiceSummary['documents'];
}

export interface StoredDocument {
  readonly bytes: Buffer;
  readonly sha256: string;
  readonly mediaType: string;
}

/** Newest first, those with a number below `below`. */
export async function listInvoices(
  tx: EntityManager,
  page: {
    readonly quarter: string | null;
    readonly partnerId: string | null;
    readonly below: number | null;
    readonly limit: number;
  },
): Promise<InvoiceSummary[]> {
  const { quarter, partnerId, below, limit } = page;
  const rows = await tx.query<InvoiceRow[]>(
    `${SELECT}
     where ($1::text is null or i.quarter = $1) and ($2::text is null or i.partner_id = $2)
       and ($3::bigint is null or i.number < $3)
     order by i.number desc limit $4`,
    [quarter, partnerId, below, limit],
  );
  return rows.map(summaryOf);
}

/** @throws Problem 404 */
export async function readInvoice(tx: EntityManager, number: string): Promise<InvoiceDetail> {
  const row = await findInvoice(tx, number);
  const { issuedAt, deliveryPeriod, seller, customer, vat, counts, sections } = row.snapshot;
  return {
    ...summaryOf(row),
    runId: row.runId,
    issuedAt,
    deliveryPeriod,
    seller: { name: seller.name, cvr: seller.cvr, address: seller.address },
    customer: {
      partnerId: customer.partnerId,
      name: customer.name,
      cvr: customer.cvr,
      address: customer.address,
    },
    vatDecision: vat,
    counts,
    sections: structuredClone(sections) as InvoiceDetail['sections'],
  };
}

/** @throws Problem 404 */
export async function findInvoice(tx: EntityManager, number: string): Promise<InvoiceRow> {
  const [row] = await tx.query<InvoiceRow[]>(`${SELECT} where i.number = $1`, [number]);
  if (!row) throw notFound(`invoice ${number}`);
  return row;
}

/** @throws Problem 404, or 503 while the document is being drawn */
export async function readDocument(
  tx: EntityManager,
  number: string,
  kind: DocumentKind,
): Promise<StoredDocument> {
  const { invoiceId } = await findInvoice(tx, number);
  const [document] = await tx.query<StoredDocument[]>(
    'select bytes, sha256, media_type as "mediaType" from document where invoice_id = $1 and kind = $2',
    [invoiceId, kind],
  );
  if (document) return document;
  const detail = `the ${kind} of invoice ${number} is being drawn: ask again in a moment`;
  throw new Problem(503, 'document-being-drawn', detail, {}, { 'retry-after': '2' });
}

function summaryOf(row: InvoiceRow): InvoiceSummary {
  return {
    number: String(row.number),
    quarter: row.quarter,
    partnerId: row.partnerId,
    partnerName: row.partnerName,
    issueDate: row.issueDate,
    dueDate: row.dueDate,
    currency: 'DKK',
    smsCount: row.smsCount,
    net: formatOre(BigInt(row.net)),
    vat: formatOre(BigInt(row.vat)),
    gross: formatOre(BigInt(row.gross)),
    documents: row.documents,
  };
}

const SELECT = `
  select i.invoice_id as "invoiceId", i.number, i.run_id as "runId", i.quarter, i.partner_id as "partnerId",
         i.partner_name as "partnerName", i.issue_date::text as "issueDate", i.due_date::text as "dueDate",
         i.sms_count as "smsCount", i.net_ore::text as net, i.vat_ore::text as vat,
         i.gross_ore::text as gross, i.snapshot,
         json_build_object('invoice', drawn.invoice, 'statement', drawn.statement) as documents
  from invoice i
  cross join lateral (
    select (array_agg(figures) filter (where kind = 'invoice'))[1] as invoice,
           (array_agg(figures) filter (where kind = 'statement'))[1] as statement
    from (select kind, jsonb_build_object('sha256', sha256, 'bytes', octet_length(bytes)) as figures
          from document where invoice_id = i.invoice_id) as document
  ) as drawn`;
