import { Controller, Inject, Res } from '@nestjs/common';
import { fields, formatUnitPrice } from '@taxameter/contracts';
import {
  Input,
  Route,
  databaseOf,
  defineRoute,
  withActor,
  cutPage,
  pageOf,
  pageQuery,
} from '@taxameter/platform';
import type { Call, CallOf, Page } from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import type { StatementRow } from '../documents/statement-row.js';
import type { DocumentKind } from '../drawing/drawing.service.js';
import { invoiceDetail, invoiceSummary, invoicedSms } from './invoice-answers.js';
import type { InvoiceDetail, InvoiceSummary, InvoicedSms } from './invoice-answers.js';
import { cursorOf, placeOfCursor, readInvoicedSms } from './invoiced-sms.service.js';
import { findInvoice, listInvoices, readDocument, readInvoice } from './read-invoices.service.js';

const roles = ['finance', 'partner'] as const;
const number = z.string().regex(/^[1-9]\d{0,14}$/, 'is not an invoice number');
const params = z.object({ number });
const unknown = { description: 'No such invoice, or not yours' };

export const getInvoices = defineRoute({
  method: 'GET',
  path: '/v1/invoices',
  summary: 'Issued invoices, newest first; a partner sees its own',
  roles,
  query: z.object({
    quarter: fields.quarterName.optional(),
    partnerId: fields.identifier(64).optional(),
    ...pageQuery,
    cursor: number.optional(),
  }),
  responses: { 200: { description: 'A page', schema: pageOf(invoiceSummary) } },
});

export const getInvoice = defineRoute({
  method: 'GET',
  path: '/v1/invoices/:number',
  summary: 'One invoice: figures, lines and the hashes of its documents',
  roles,
  params,
  responses: { 200: { description: 'The invoice', schema: invoiceDetail }, 404: unknown },
});

export const getInvoiceSms = defineRoute({
  method: 'GET',
  path: '/v1/invoices/:number/sms',
  summary: 'Every SMS behind an invoice, in the order of its statement',
  roles,
  params,
  query: z.object({ ...pageQuery, cursor: z.string().max(1000).optional() }),
  responses: { 200: { description: 'A page', schema: pageOf(invoicedSms) }, 404: unknown },
});

const pdfRoute = (kind: DocumentKind, summary: string) =>
  defineRoute({
    method: 'GET',
    path: `/v1/invoices/:number/${kind}.pdf`,
    summary,
    roles,
    params,
    responses: {
      200: { description: 'The stored bytes', contentType: 'application/pdf' },
      304: { description: 'The bytes named by If-None-Match are still the ones' },
      404: unknown,
      503: { description: 'The document is being drawn; Retry-After says when to ask again' },
    },
  });

export const getInvoicePdf = pdfRoute('invoice', 'The invoice as PDF, byte for byte as issued');
export const getStatementPdf = pdfRoute(
  'statement',
  'The statement of every SMS as PDF, byte for byte as issued',
);

/**
 * The file's name for people: ASCII, made of the kind and the digits of the number, so nothing can be
 * smuggled in.
 */
const FILE_NAMES: Record<DocumentKind, string> = { invoice: 'faktura', statement: 'opgoerelse' };

/** What is used of Fastify's reply: bytes are sent as they are, past Nest's serialisation. */
interface Reply {
  status(code: number): Reply;
  headers(values: Record<string, string>): Reply;
  send(bytes?: Buffer): unknown;
}

@Controller()
export class InvoicesController {
  constructor(@Inject(databaseOf('billing')) private readonly database: DataSource) {}

  @Route(getInvoices)
  async list(@Input() { query, actor }: CallOf<typeof getInvoices>): Promise<Page<InvoiceSummary>> {
    const { quarter = null, partnerId = null, cursor } = query;
    const below = cursor === undefined ? null : Number(cursor);
    const found = await withActor(this.database, actor, (tx) =>
      listInvoices(tx, { quarter, partnerId, below, limit: query.limit + 1 }),
    );
    return cutPage(found, query.limit, (invoice) => invoice.number);
  }

  @Route(getInvoice)
  async one(@Input() { params, actor }: CallOf<typeof getInvoice>): Promise<InvoiceDetail> {
    return withActor(this.database, actor, (tx) => readInvoice(tx, params.number));
  }

  @Route(getInvoiceSms)
  async sms(@Input() { params, query, actor }: CallOf<typeof getInvoiceSms>): Promise<Page<InvoicedSms>> {
    const after = query.cursor === undefined ? null : placeOfCursor(query.cursor);
    const found = await withActor(this.database, actor, async (tx) => {
      const { invoiceId } = await findInvoice(tx, params.number);
      return readInvoicedSms(tx, invoiceId, after, query.limit + 1);
    });
    const { items, nextCursor } = cutPage(found, query.limit, cursorOf);
    return { items: items.map(smsView), nextCursor };
  }

  @Route(getInvoicePdf)
  async invoicePdf(@Input() call: CallOf<typeof getInvoicePdf>, @Res() reply: Reply): Promise<void> {
    await this.sendDocument(call, call.params.number, 'invoice', reply);
  }

  @Route(getStatementPdf)
  async statementPdf(@Input() call: CallOf<typeof getStatementPdf>, @Res() reply: Reply): Promise<void> {
    await this.sendDocument(call, call.params.number, 'statement', reply);
  }

  private async sendDocument(call: Call, number: string, kind: DocumentKind, reply: Reply): Promise<void> {
    const document = await withActor(this.database, call.actor, (tx) => readDocument(tx, number, kind));
    const etag = `"${document.sha256}"`;
    // Money and names: no shared cache may keep it, and a browser asks again each time.
    reply.headers({ etag, 'cache-control': 'private, no-cache', 'x-content-type-options': 'nosniff' });
    if (call.request.headers['if-none-match'] === etag) {
      reply.status(304).send();
      return;
    }
    const disposition = `attachment; filename="${FILE_NAMES[kind]}-${number}.pdf"`;
    reply.status(200).headers({ 'content-type': document.mediaType, 'content-disposition': disposition });
    reply.send(document.bytes);
  }
}

function smsView({ unitPrice, ...row }: StatementRow): InvoicedSms {
  return { ...row, unitPrice: formatUnitPrice(unitPrice) };
}
