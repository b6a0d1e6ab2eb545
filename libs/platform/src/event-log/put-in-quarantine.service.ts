import type { EntityManager } from 'typeorm';
import type { RefusedEvent } from './decode-record.js';

/** `claimed`: refused by the handler, when the identity was taken already. */
interface Refused {
  readonly unclaimed: readonly RefusedEvent[];
  readonly claimed: readonly RefusedEvent[];
}

/** Keeps bad events of one log with reason and bytes, in the transaction that goes on without them. */
export async function putInQuarantine(
  tx: EntityManager,
  generation: number,
  { unclaimed, claimed }: Refused,
  quarantinedAt: Date,
): Promise<void> {
  for (const [index, refused] of [...unclaimed, ...claimed].entries()) {
    const { position, reason, field, detail, bytes, appendedAt, key } = refused;
    await tx.query(
      `insert into quarantine
         (topic, partition, "offset", index, reason, field, detail, bytes, appended_at, quarantined_at, key, claimed,
          log_generation)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [
        position.topic,
        position.partition,
        position.offset,
        position.index,
        reason,
        field,
        detail,
        Buffer.from(bytes),
        appendedAt,
        quarantinedAt,
        withoutNul(key),
        index >= unclaimed.length,
        generation,
      ],
    );
  }
}

/** PostgreSQL takes no NUL in text, and such a key is none of ours: without it the event counts for no fact. */
function withoutNul(key: string | null): string | null {
  return key?.includes('\0') ? null : key;
}
