import { z } from 'zod';
import { defineEvent } from '../cloud-event.js';
import { amount, count, hash, identifier, instant, quarterName, text } from '../text.js';

/** Figures of an issued invoice. Hashes of its documents follow in `document_rendered`, because they are drawn later. */
export const invoiceIssued = defineEvent({
  type: 'dk.dinero.billing.invoice_issued.v1',
  title: 'Invoice issued',
  description: 'An invoice has its number and will never change.',
  data: z.object({
    invoiceNumber: identifier(20),
    version: z.literal(1),
    partnerId: identifier(64),
    partnerName: text(200),
    quarter: quarterName,
    runId: identifier(64),
    issuedAt: instant,
    issueDate: z.iso.date(),
    dueDate: z.iso.date(),
    currency: z.literal('DKK'),
    smsCount: count,
    net: amount,
    vat: amount,
    gross: amount,
  }),
});

export const documentRendered = defineEvent({
  type: 'dk.dinero.billing.document_rendered.v1',
  title: 'Document rendered',
  description: 'The bytes of an invoice or statement are stored; they are never drawn again.',
  data: z.object({
    documentId: identifier(64),
    version: z.literal(1),
    invoiceNumber: identifier(20),
    kind: z.enum(['invoice', 'statement']),
    mediaType: z.literal('application/pdf'),
    bytes: count,
    sha256: hash(64),
  }),
});

export type InvoiceIssuedEvent = z.input<typeof invoiceIssued.schema>;
export type DocumentRenderedEvent = z.input<typeof documentRendered.schema>;
