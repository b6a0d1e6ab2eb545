import { createHash } from 'node:crypto';
import { smsTotalsChanged, TOPICS, type SmsSentEvent, type SmsTotals } from '@taxameter/contracts';
import { publishFacts, type EventBatch } from '@taxameter/platform';
import { ROOM } from '../room.js';
import { sumMessages } from './sms-totals.js';

/** Keeps the totals per SMS partition, integration and quarter, and publishes each change with the offset it is valid at. */

/**
 * The hash of a message in `sumHash`: the first eight bytes of SHA-256 of the UTF-8 messageId, as an unsigned big-endian
 * number. Billing computes the same over its ledger.
 */
export function hashOfMessage(messageId: string): bigint {
  return createHash('sha256').update(messageId).digest().readBigUInt64BE(0);
}

/**
 * Adds a batch and publishes the totals it changed, in its transaction. A row that a batch does not touch keeps its lower
 * offset and stays true there: nothing of it lies between.
 */
export async function addToSmsTotals(batch: EventBatch<SmsSentEvent>): Promise<void> {
  const totals = sumMessages(batch.events, hashOfMessage);
  const rows = await batch.tx.query<Omit<SmsTotals, 'partition'>[]>(
    `insert into sms_total as total (partition, integration_id, quarter, count, test_count, sum_hash, as_of_offset, version)
     select $1::integer, integration_id, quarter, count, test_count, sum_hash, $2::bigint, $2::bigint
     from unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::numeric[])
       as batch (integration_id, quarter, count, test_count, sum_hash)
     order by integration_id, quarter
     on conflict (partition, integration_id, quarter) do update set
       count = total.count + excluded.count,
       test_count = total.test_count + excluded.test_count,
       sum_hash = mod(total.sum_hash + excluded.sum_hash, 18446744073709551616),
       as_of_offset = excluded.as_of_offset,
       version = greatest(total.version + 1, excluded.version)
     returning integration_id as "integrationId", quarter, count, test_count as "testCount",
       sum_hash as "sumHash", as_of_offset as "asOfOffset", version`,
    [
      batch.partition,
      batch.toOffset,
      totals.map((total) => total.integrationId),
      totals.map((total) => total.quarter),
      totals.map((total) => total.count),
      totals.map((total) => total.testCount),
      totals.map((total) => total.sumHash.toString()),
    ],
  );
  const time = lastAppended(batch);
  await publishFacts(
    batch.tx,
    ROOM,
    rows.map((row) => ({
      topic: TOPICS.smsTotals,
      key: `${batch.partition}|${row.integrationId}|${row.quarter}`,
      type: smsTotalsChanged.type,
      time,
      data: { ...row, partition: batch.partition },
    })),
  );
}

/** The total became true when its last message was in the log: a function of the log, so a replay says the same. */
function lastAppended(batch: EventBatch<SmsSentEvent>): Date {
  return batch.events.reduce(
    (latest, { appendedAt }) => (appendedAt > latest ? appendedAt : latest),
    new Date(0),
  );
}
