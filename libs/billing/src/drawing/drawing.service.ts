import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { TOPICS, documentRendered } from '@taxameter/contracts';
import {
  CLOCK,
  LOGGER,
  databaseOf,
  newId,
  publishFacts,
  BackgroundLoop,
  systemActor,
  withActor,
} from '@taxameter/platform';
import type { Clock, Logger } from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { renderInvoice } from '../documents/invoice.pdf.js';
import { renderStatement } from '../documents/statement.pdf.js';
import type { InvoiceSnapshot } from '../invoice/invoice.js';
import { streamInvoicedSms } from '../issue/invoiced-sms.service.js';

const IDLE_MS = 1_000;
const MEDIA_TYPE = 'application/pdf';

export type DocumentKind = 'invoice' | 'statement';

interface Undrawn {
  readonly invoiceId: string;
  readonly number: number;
  readonly partnerId: string;
  readonly kind: DocumentKind;
  readonly snapshot: InvoiceSnapshot;
}

/**
 * Draws the documents of issued invoices from their stored snapshots, after the invoice is committed: a crash
 * in between costs nothing, the next start finds the invoice without documents and draws the same bytes
 * (domain case 17).
 */
@Injectable()
export class Drawing extends BackgroundLoop {
  private readonly actor = systemActor('billing');
  /** Documents that could not be drawn, put aside so that the others come first. */
  private readonly putAside = new Set<string>();

  constructor(
    @Inject(databaseOf('billing')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super({ name: 'drawing of documents', idleMs: IDLE_MS, logger });
  }

  protected override async step(): Promise<boolean> {
    const drawn = await withActor(this.database, this.actor, (tx) => this.drawNext(tx));
    if (drawn) return true;
    if (this.putAside.size === 0) return false;
    const count = this.putAside.size;
    this.putAside.clear();
    throw new Error(`${count} documents could not be drawn and will be tried again`);
  }

  private async drawNext(tx: EntityManager): Promise<boolean> {
    // One drawer at a time: a second process would only draw the same bytes again.
    const [{ locked }] = await tx.query<[{ locked: boolean }]>(
      'select pg_try_advisory_xact_lock(7340301, hashtext(current_schema())) as locked',
    );
    if (!locked) return false;
    const [undrawn] = await tx.query<Undrawn[]>(NEXT_UNDRAWN, [[...this.putAside]]);
    if (!undrawn) return false;
    try {
      const bytes = await this.draw(tx, undrawn);
      await this.store(tx, undrawn, bytes);
    } catch (error) {
      const { number, kind } = undrawn;
      this.logger.error({ err: error, number, kind }, 'a document could not be drawn');
      this.putAside.add(`${number}/${kind}`);
      throw error;
    }
    return true;
  }

  private async draw(tx: EntityManager, { invoiceId, kind, snapshot }: Undrawn): Promise<Uint8Array> {
    if (kind === 'invoice') return renderInvoice(snapshot);
    return renderStatement(snapshot, streamInvoicedSms(tx, invoiceId));
  }

  private async store(tx: EntityManager, undrawn: Undrawn, bytes: Uint8Array): Promise<void> {
    const { invoiceId, number, partnerId, kind } = undrawn;
    const documentId = newId('document', this.clock);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const now = this.clock.now();
    await tx.query(
      `insert into document (document_id, invoice_id, partner_id, kind, media_type, bytes, sha256, drawn_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [documentId, invoiceId, partnerId, kind, MEDIA_TYPE, Buffer.from(bytes), sha256, now],
    );
    const data = {
      documentId,
      version: 1 as const,
      invoiceNumber: String(number),
      kind,
      mediaType: 'application/pdf' as const,
      bytes: bytes.length,
      sha256,
    };
    const key = `document|${documentId}`;
    await publishFacts(tx, 'billing', [
      { topic: TOPICS.documents, key, type: documentRendered.type, time: now, data },
    ]);
  }
}

const NEXT_UNDRAWN = `
  select i.invoice_id as "invoiceId", i.number, i.partner_id as "partnerId", wanted.kind, i.snapshot
  from invoice i cross join (values ('invoice'), ('statement')) as wanted (kind)
  where not exists (select from document d where d.invoice_id = i.invoice_id and d.kind = wanted.kind)
    and i.number || '/' || wanted.kind <> all($1::text[])
  order by i.number, wanted.kind
  limit 1`;
