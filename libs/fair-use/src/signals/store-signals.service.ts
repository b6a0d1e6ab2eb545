import type { ApiCallEvent } from '@taxameter/contracts';
import type { EventBatch } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { PairMinute, Signals } from './signals.js';

/**
 * Adds a batch's signals to the tables, marks what must be judged anew, and moves the watermark, in the
 * batch's transaction. Rows are written in the order of their keys and tables in one order, so that two
 * consumers never wait for each other in a circle. The merges in SQL are the merges of `signals.ts`: sums.
 *
 * @param newestAppends append time of the newest call by `integrationId|minute`
 */
export async function storeSignals(
  batch: EventBatch<ApiCallEvent>,
  signals: Signals,
  newestAppends: ReadonlyMap<string, Date>,
): Promise<void> {
  const { tx } = batch;
  const pairs = sortedByKey(signals.pairs);
  await addPairs(tx, pairs);
  await addRoutes(tx, signals);
  await mark(tx, pairs, newestAppends);
  await moveWatermark(batch);
}

async function addPairs(tx: EntityManager, pairs: readonly PairMinute[]): Promise<void> {
  if (pairs.length === 0) return;
  await tx.query(
    `insert into signal_pair_minute as kept
       (integration_id, agreement_id, minute, calls, writes, server_time_ms, client_errors, throttled, calls_by_slot)
     select integration_id, agreement_id, minute, calls, writes, server_time_ms, client_errors, throttled,
            calls_by_slot::integer[]
     from unnest($1::text[], $2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                 $8::bigint[], $9::text[])
       as added (integration_id, agreement_id, minute, calls, writes, server_time_ms, client_errors, throttled,
                 calls_by_slot)
     on conflict (integration_id, agreement_id, minute) do update set
       calls = kept.calls + excluded.calls,
       writes = kept.writes + excluded.writes,
       server_time_ms = kept.server_time_ms + excluded.server_time_ms,
       client_errors = kept.client_errors + excluded.client_errors,
       throttled = kept.throttled + excluded.throttled,
       calls_by_slot = array[
         kept.calls_by_slot[1] + excluded.calls_by_slot[1], kept.calls_by_slot[2] + excluded.calls_by_slot[2], kept.calls_by_slot[3] + excluded.calls_by_slot[3],
         kept.calls_by_slot[4] + excluded.calls_by_slot[4], kept.calls_by_slot[5] + excluded.calls_by_slot[5], kept.calls_by_slot[6] + excluded.calls_by_slot[6],
         kept.calls_by_slot[7] + excluded.calls_by_slot[7], kept.calls_by_slot[8] + excluded.calls_by_slot[8], kept.calls_by_slot[9] + excluded.calls_by_slot[9],
         kept.calls_by_slot[10] + excluded.calls_by_slot[10], kept.calls_by_slot[11] + excluded.calls_by_slot[11], kept.calls_by_slot[12] + excluded.calls_by_slot[12]]`,
    [
      ...columnsOf(pairs),
      pairs.map((row) => row.calls),
      pairs.map((row) => row.writes),
      pairs.map((row) => row.serverTimeMs),
      pairs.map((row) => row.clientErrors),
      pairs.map((row) => row.throttled),
      // Of arrays in an array PostgreSQL makes one long one, so each goes as text.
      pairs.map((row) => `{${row.callsBySlot.join(',')}}`),
    ],
  );
}

async function addRoutes(tx: EntityManager, signals: Signals): Promise<void> {
  const routes = sortedByKey(signals.routes);
  if (routes.length === 0) return;
  await tx.query(
    `insert into signal_route_minute as kept
       (integration_id, agreement_id, minute, route, unfiltered_sweeps, changes_since_sweeps)
     select * from unnest($1::text[], $2::text[], $3::integer[], $4::text[], $5::bigint[], $6::bigint[])
     on conflict (integration_id, agreement_id, minute, route) do update set
       unfiltered_sweeps = kept.unfiltered_sweeps + excluded.unfiltered_sweeps,
       changes_since_sweeps = kept.changes_since_sweeps + excluded.changes_since_sweeps`,
    [
      ...columnsOf(routes),
      routes.map((row) => row.route),
      routes.map((row) => row.unfilteredSweeps),
      routes.map((row) => row.changesSinceSweeps),
    ],
  );
}

/**
 * A mark that the evaluator is just taking makes this wait, and is set anew after it: no call is overlooked.
 */
async function mark(
  tx: EntityManager,
  pairs: readonly PairMinute[],
  newestAppends: ReadonlyMap<string, Date>,
): Promise<void> {
  if (pairs.length === 0) return;
  const appends = pairs.map((row) => newestAppends.get(`${row.integrationId}|${row.minute}`)!.toISOString());
  await tx.query(
    `insert into dirty_minute as kept (integration_id, agreement_id, minute, appended_at)
     select * from unnest($1::text[], $2::text[], $3::integer[], $4::timestamptz[])
     on conflict (integration_id, minute, agreement_id)
     do update set appended_at = greatest(kept.appended_at, excluded.appended_at)`,
    [...columnsOf(pairs), appends],
  );
}

async function moveWatermark({ tx, topic, partition, events }: EventBatch<ApiCallEvent>): Promise<void> {
  const newest = (instants: readonly Date[]) =>
    new Date(instants.reduce((latest, next) => Math.max(latest, next.getTime()), 0));
  await tx.query(
    `insert into watermark as kept (topic, partition, event_time, appended_at) values ($1, $2, $3, $4)
     on conflict (topic, partition) do update
     set event_time = greatest(kept.event_time, excluded.event_time),
         appended_at = greatest(kept.appended_at, excluded.appended_at)`,
    [
      topic,
      partition,
      newest(events.map((received) => received.time)),
      newest(events.map((received) => received.appendedAt)),
    ],
  );
}

function sortedByKey<Row>(rows: ReadonlyMap<string, Row>): Row[] {
  return [...rows.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, row]) => row);
}

function columnsOf(rows: readonly Pick<PairMinute, 'integrationId' | 'agreementId' | 'minute'>[]) {
  return [
    rows.map((row) => row.integrationId),
    rows.map((row) => row.agreementId),
    rows.map((row) => row.minute),
  ];
}
