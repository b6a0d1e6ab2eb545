import { fields } from '@taxameter/contracts';
import { readPlaceCursor, writePlaceCursor } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import type { StatementRow } from '../documents/statement-row.js';

/**
 * The SMS behind an invoice, in the order of its statement: all billed ones first, then test and held ones;
 * each part by integration, sent time and message.
 */

/** A place in that order: what comes after it is the next page. */
const placeSchema = z.tuple([z.enum(['billed', 'unbilled']), z.string(), fields.instant, z.string()]);
type Place = z.output<typeof placeSchema>;

type SmsRow = Omit<StatementRow, 'sentAt' | 'unitPrice'> & {
  readonly sentAt: Date;
  readonly unitPrice: string;
};

/**
 * Drawing 250 rows takes about 60 ms, during which the process answers nobody; each read lets others in
 * between.
 */
const ROWS_PER_READ = 250;

/**
 * Up to `limit` SMS after a place, null from the start. An index gives each page, so the last costs as much
 * as the first.
 */
export async function readInvoicedSms(
  tx: EntityManager,
  invoiceId: string,
  after: Place | null,
  limit: number,
): Promise<StatementRow[]> {
  const billed = after?.[0] === 'unbilled' ? [] : await readPart(tx, 'billed', invoiceId, after, limit);
  const left = limit - billed.length;
  if (left === 0) return billed;
  const unbilledAfter = after?.[0] === 'unbilled' ? after : null;
  return [...billed, ...(await readPart(tx, 'unbilled', invoiceId, unbilledAfter, left))];
}

/** All of them, read page by page: memory stays the same for two million. */
export async function* streamInvoicedSms(
  tx: EntityManager,
  invoiceId: string,
): AsyncGenerator<StatementRow, void, undefined> {
  let after: Place | null = null;
  while (true) {
    const rows = await readInvoicedSms(tx, invoiceId, after, ROWS_PER_READ);
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < ROWS_PER_READ) return;
    after = placeOf(last);
  }
}

export function cursorOf(row: StatementRow): string {
  return writePlaceCursor(placeOf(row));
}

/** @throws Problem 400 when the cursor is not one of ours */
export function placeOfCursor(cursor: string): Place {
  return readPlaceCursor(placeSchema, cursor);
}

function placeOf({ outcome, integrationId, sentAt, messageId }: StatementRow): Place {
  return [outcome === 'billed' ? 'billed' : 'unbilled', integrationId, sentAt, messageId];
}

async function readPart(
  tx: EntityManager,
  part: Place[0],
  invoiceId: string,
  after: Place | null,
  limit: number,
): Promise<StatementRow[]> {
  const [, integrationId = '', sentAt = '-infinity', messageId = ''] = after ?? [];
  const rows = await tx.query<SmsRow[]>(PARTS[part], [invoiceId, integrationId, sentAt, messageId, limit]);
  return rows.map((row) => ({
    ...row,
    sentAt: row.sentAt.toISOString(),
    unitPrice: BigInt(row.unitPrice),
  }));
}

const selectPart = (table: string, judgement: string) => `
  select s.integration_id as "integrationId", s.agreement_id as "agreementId", s.message_id as "messageId",
         s.sent_at as "sentAt", ${judgement},
         l.recipient_masked as "recipientMasked", l.channel, l.segments
  from ${table} s join sms_ledger l using (message_id)
  where s.invoice_id = $1 and (s.integration_id, s.sent_at, s.message_id) > ($2, $3::timestamptz, $4)
  order by s.integration_id, s.sent_at, s.message_id
  limit $5`;

const PARTS: Record<Place[0], string> = {
  billed: selectPart(
    'billed_sms',
    `'billed' as outcome, null as reason, s.unit_price::text
   as "unitPrice"`,
  ),
  unbilled: selectPart('unbilled_sms', `s.outcome, s.reason, '0' as "unitPrice"`),
};
