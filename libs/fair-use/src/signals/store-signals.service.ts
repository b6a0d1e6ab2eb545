import type { ApiCallEvent, SmsSentEvent } from '@taxameter/contracts';
import type { EventBatch } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { minuteOf } from './minute.js';
import {
  SIGNAL_TABLE_NAMES,
  measuresOf,
  ofEachTable,
  SIGNAL_TABLES,
  type RouteMinute,
  type SignalKey,
  type SignalRows,
  type SignalTableName,
  type Signals,
} from './tables.js';
import { minutesTouched } from './touched.js';
import { upsertInto } from './upsert.js';

/** What is used of the API: calls, or SMS. */
export type UsageBatch = EventBatch<ApiCallEvent> | EventBatch<SmsSentEvent>;

/**
 * Adds a batch's signals to the tables, marks what must be judged anew, and moves the watermark, in the
 * batch's transaction. Rows are written in the order of their keys and tables in one order, so that two
 * consumers never wait for each other in a circle.
 *
 * @param appends as of `newestAppends`
 */
export async function storeSignals(
  batch: UsageBatch,
  signals: Signals,
  appends: ReadonlyMap<string, Date>,
): Promise<void> {
  const { tx } = batch;
  for (const name of SIGNAL_TABLE_NAMES) await addRows(tx, name, signals);
  await mark(tx, minutesTouched(signals), appends);
  await moveWatermark(batch);
}

async function addRows(tx: EntityManager, name: SignalTableName, signals: Signals): Promise<void> {
  const rows = sortedByKey<SignalRows[SignalTableName]>(signals[name]);
  if (rows.length === 0) return;
  const { isByRoute } = SIGNAL_TABLES[name];
  const routes = isByRoute ? [(rows as readonly RouteMinute[]).map((row) => row.route)] : [];
  const values = measuresOf(name).map(([field, { encode }]) =>
    rows.map((row) => encode((row as unknown as Record<string, unknown>)[field])),
  );
  await tx.query(INSERTS[name], [...columnsOf(rows), ...routes, ...values]);
}

const KEYS = [
  { column: 'integration_id', sqlType: 'text' },
  { column: 'agreement_id', sqlType: 'text' },
  { column: 'minute', sqlType: 'integer' },
] as const;

const ROUTE = { column: 'route', sqlType: 'text' } as const;

const INSERTS = ofEachTable((name, table) =>
  upsertInto({
    name,
    keys: [...KEYS, ...(SIGNAL_TABLES[table].isByRoute ? [ROUTE] : [])],
    measures: measuresOf(table).map(([, measure]) => measure),
  }),
);

/**
 * A mark that the evaluator is just taking makes this wait, and is set anew after it: no call is overlooked.
 */
async function mark(
  tx: EntityManager,
  minutes: readonly SignalKey[],
  appends: ReadonlyMap<string, Date>,
): Promise<void> {
  if (minutes.length === 0) return;
  const appendedAt = minutes.map((row) => appends.get(`${row.integrationId}|${row.minute}`)!.toISOString());
  await tx.query(
    `insert into dirty_minute as kept (integration_id, agreement_id, minute, appended_at)
     select * from unnest($1::text[], $2::text[], $3::integer[], $4::timestamptz[])
     on conflict (integration_id, minute, agreement_id)
     do update set appended_at = greatest(kept.appended_at, excluded.appended_at)`,
    [...columnsOf(minutes), appendedAt],
  );
}

async function moveWatermark({ tx, topic, partition, events }: UsageBatch): Promise<void> {
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

/** Append time of the newest event by `integrationId|minute`. */
export function newestAppends(batch: UsageBatch): Map<string, Date> {
  const newest = new Map<string, Date>();
  for (const { event, appendedAt } of batch.events) {
    const key = `${event.data.integrationId}|${minuteOf(event.time)}`;
    const known = newest.get(key);
    if (!known || appendedAt > known) newest.set(key, appendedAt);
  }
  return newest;
}

function sortedByKey<Row>(rows: ReadonlyMap<string, Row>): Row[] {
  return [...rows.entries()].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, row]) => row);
}

function columnsOf(rows: readonly SignalKey[]) {
  return [
    rows.map((row) => row.integrationId),
    rows.map((row) => row.agreementId),
    rows.map((row) => row.minute),
  ];
}
