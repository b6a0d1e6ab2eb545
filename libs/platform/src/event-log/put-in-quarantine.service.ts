import type { EntityManager } from 'typeorm';
import type { RefusedEvent } from './decode-record.js';

/** `claimed`: refused by the handler, when the identity was taken already. */
interface Refused {
  readonly unclaimed: readonly RefusedEvent[];
  readonly claimed: readonly RefusedEvent[];
}

/** Bytes travel as hex, twice as long, and PostgreSQL holds the text and what it reads out of it: some 12 MB for each statement. */
const MOST_STATEMENT_BYTES = 4 * 1024 * 1024;

/**
 * Keeps bad events of one log with reason and bytes, in the transaction that goes on without them. One statement for all that fit
 * into `MOST_STATEMENT_BYTES`: in a flood of bad events a round trip for each was what the log waited for.
 */
export async function putInQuarantine(
  tx: EntityManager,
  generation: number,
  { unclaimed, claimed }: Refused,
  quarantinedAt: Date,
): Promise<void> {
  const marked = [
    ...unclaimed.map((refused) => ({ refused, isClaimed: false })),
    ...claimed.map((refused) => ({ refused, isClaimed: true })),
  ];
  for (const rows of inStatements(marked)) {
    await tx.query(
      `insert into quarantine
         (topic, partition, "offset", index, reason, field, detail, bytes, appended_at, key, claimed,
          log_generation, quarantined_at)
       select bad.*, $12::integer, $13::timestamptz
       from unnest($1::text[], $2::integer[], $3::bigint[], $4::integer[], $5::text[], $6::text[], $7::text[], $8::bytea[],
                   $9::timestamptz[], $10::text[], $11::boolean[]) as bad`,
      [
        rows.map(({ refused }) => refused.position.topic),
        rows.map(({ refused }) => refused.position.partition),
        rows.map(({ refused }) => refused.position.offset),
        rows.map(({ refused }) => refused.position.index),
        rows.map(({ refused }) => refused.reason),
        rows.map(({ refused }) => refused.field),
        rows.map(({ refused }) => refused.detail),
        rows.map(({ refused }) => Buffer.from(refused.bytes)),
        rows.map(({ refused }) => refused.appendedAt),
        rows.map(({ refused }) => withoutNul(refused.key)),
        rows.map(({ isClaimed }) => isClaimed),
        generation,
        quarantinedAt,
      ],
    );
  }
}

/** In their order, each part as large as a statement may be; an event that is larger goes alone. */
function* inStatements<Row extends { readonly refused: RefusedEvent }>(
  rows: readonly Row[],
): Generator<Row[]> {
  let part: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    const rowBytes = row.refused.bytes.byteLength;
    if (part.length > 0 && bytes + rowBytes > MOST_STATEMENT_BYTES) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(row);
    bytes += rowBytes;
  }
  if (part.length > 0) yield part;
}

/** PostgreSQL takes no NUL in text, and such a key is none of ours: without it the event counts for no fact. */
function withoutNul(key: string | null): string | null {
  return key?.includes('\0') ? null : key;
}
