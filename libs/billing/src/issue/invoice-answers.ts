/**
 * What an invoice looks like from outside: the schemas of its answers.
 */
import { z } from 'zod';
import { fields } from '@taxameter/contracts';

const counts = z.object({ billed: fields.count, test: fields.count, held: fields.count });
const document = z.object({ sha256: z.string(), bytes: fields.count });
const address = z.object({
  street: z.string(),
  street2: z.string().optional(),
  postalCode: z.string(),
  city: z.string(),
  country: z.string(),
});

export const invoiceSummary = z.object({
  number: z.string(),
  quarter: fields.quarterName,
  partnerId: z.string(),
  partnerName: z.string(),
  issueDate: z.string(),
  dueDate: z.string(),
  currency: z.literal('DKK'),
  smsCount: fields.count,
  net: fields.amount,
  vat: fields.amount,
  gross: fields.amount,
  documents: z
    .object({ invoice: document.nullable(), statement: document.nullable() })
    .describe('null while the document is being drawn'),
});

export const invoiceDetail = invoiceSummary.extend({
  runId: z.string(),
  issuedAt: fields.instant,
  deliveryPeriod: z.object({ firstDay: z.string(), lastDay: z.string() }),
  seller: z.object({ name: z.string(), cvr: z.string(), address }),
  customer: z.object({ partnerId: z.string(), name: z.string(), cvr: z.string().nullable(), address }),
  vatDecision: z.object({ category: z.string(), rateBasisPoints: z.int(), reason: z.string() }),
  counts,
  sections: z.array(
    z.object({
      integrationId: z.string(),
      integrationName: z.string(),
      counts,
      net: fields.amount,
      lines: z.array(z.object({ quantity: fields.count, unitPrice: z.string(), net: fields.amount })),
      agreements: z.array(
        z.object({ agreementId: z.string(), name: z.string().nullable(), counts, amount: z.string() }),
      ),
    }),
  ),
});

export const invoicedSms = z.object({
  messageId: z.string(),
  sentAt: fields.instant,
  integrationId: z.string(),
  agreementId: z.string(),
  channel: z.enum(['send_sms', 'mailout_v2']),
  recipientMasked: z.string(),
  segments: fields.count,
  outcome: z.enum(['billed', 'held', 'test']),
  reason: z.string().nullable(),
  unitPrice: z.string().describe('kroner without VAT; 0.00 unless billed'),
});

export type InvoiceSummary = z.output<typeof invoiceSummary>;
export type InvoiceDetail = z.output<typeof invoiceDetail>;
export type InvoicedSms = z.output<typeof invoicedSms>;
