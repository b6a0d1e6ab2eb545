import { StreamableFile } from '@nestjs/common';
import { withActor, type Actor } from '@taxameter/platform';
import { Readable } from 'node:stream';
import type { DataSource } from 'typeorm';
import { listPartners } from '../partner/partner.service.js';
import { partnerLine, partnersHeader } from './partner-csv.js';

/**
 * All partners that the actor may see as CSV, page by page: no connection of the database is held while a client reads slowly. What
 * is changed meanwhile may be in the later pages.
 */

const PAGE = 500;
/** A client that reads more slowly is cut off, and sees that the body is not complete. */
const LONGEST_MS = 15 * 60_000;

export async function openPartnerExport(database: DataSource, actor: Actor): Promise<StreamableFile> {
  const page = (cursor: string | undefined) =>
    withActor(database, actor, (tx) => listPartners(tx, { limit: PAGE, cursor }));
  // The first page before the first byte: what can fail does so with an answer.
  const first = await page(undefined);
  const stream = Readable.from(linesOf(first, page), { objectMode: false });
  const timer = setTimeout(() => stream.destroy(new Error('the client reads too slowly')), LONGEST_MS);
  timer.unref();
  stream.on('close', () => clearTimeout(timer));
  return new StreamableFile(stream, {
    type: 'text/csv; charset=utf-8; header=present',
    disposition: 'attachment; filename="partners.csv"',
  });
}

async function* linesOf(
  first: Awaited<ReturnType<typeof listPartners>>,
  page: (cursor: string) => ReturnType<typeof listPartners>,
): AsyncGenerator<string> {
  yield partnersHeader();
  for (let read = first; ;) {
    yield read.items.map(partnerLine).join('');
    if (read.nextCursor === null) return;
    read = await page(read.nextCursor);
  }
}
