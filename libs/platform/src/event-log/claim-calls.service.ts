import { once } from 'node:events';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { EntityManager } from 'typeorm';
import type { ReceivedEvent } from './decode-record.js';
import { hash128 } from './hash-128.service.js';

/**
 * Which API calls were never seen before. Two ways to the same answer (ADR 0009): COPY, which is twice as fast and takes the
 * whole batch or nothing, and one statement that skips what is there. A batch that COPY refuses goes by the statement.
 */
export interface CallClaim {
  readonly fresh: ReadonlySet<ReceivedEvent>;
  readonly way: 'copy' | 'statement';
}

/** First received of each identity; the keys are sorted, so that two batches with the same calls cannot deadlock. */
type Identities = ReadonlyMap<string, ReceivedEvent>;

/** COPY needs two more round trips than the statement; below this it does not pay. */
const FEWEST_TO_COPY = 100;
/** A refused COPY is work thrown away: after one, so many batches without a duplicate must pass before it is tried again. */
const CLEAN_BATCHES_BEFORE_COPY = 4;
const DAY_MS = 86_400_000;
/** Writing a date costs 0.8 µs, a tenth of all that an event costs; a log holds few days. */
const dayNames = new Map<number, string>();
const MOST_DAY_NAMES = 1_000;
const UNIQUE_VIOLATION = '23505';

/** UTC day of event time: the partition in which the identity of a call is kept. A retry must repeat `time`. */
export function dayOfCall(received: ReceivedEvent): string {
  const number = Math.floor(received.time.getTime() / DAY_MS);
  let day = dayNames.get(number);
  if (day === undefined) {
    if (dayNames.size >= MOST_DAY_NAMES) dayNames.clear();
    day = new Date(number * DAY_MS).toISOString().slice(0, 10);
    dayNames.set(number, day);
  }
  return day;
}

/** `day hash`, as in `2026-10-05 00ff…`: what makes two calls the same. */
export function identityOfCall(received: ReceivedEvent): string {
  const { source, id } = received.event;
  return `${dayOfCall(received)} ${hash128(`${source}\0${id}`)}`;
}

/** Per database: how many batches must still be clean before COPY is tried. */
const dirty = new WeakMap<object, number>();

export async function claimCalls(tx: EntityManager, events: readonly ReceivedEvent[]): Promise<CallClaim> {
  const identities = identitiesOf(events);
  const { dataSource } = tx;
  const waiting = dirty.get(dataSource) ?? 0;
  if (waiting === 0 && identities.size >= FEWEST_TO_COPY) {
    if (await copyIdentities(tx, identities)) return { fresh: new Set(identities.values()), way: 'copy' };
    dirty.set(dataSource, CLEAN_BATCHES_BEFORE_COPY);
  }
  const fresh = await insertIdentities(tx, identities);
  if (fresh.size < identities.size) dirty.set(dataSource, CLEAN_BATCHES_BEFORE_COPY);
  else if (waiting > 0) dirty.set(dataSource, waiting - 1);
  return { fresh, way: 'statement' };
}

/** In the order of the index. */
export function identitiesOf(events: readonly ReceivedEvent[]): Identities {
  const first = new Map<string, ReceivedEvent>();
  for (const received of events) {
    const identity = identityOfCall(received);
    if (!first.has(identity)) first.set(identity, received);
  }
  return new Map([...first.keys()].sort().map((identity) => [identity, first.get(identity)!]));
}

/** The yardstick, and the way for duplicates. */
export async function insertIdentities(
  tx: EntityManager,
  identities: Identities,
): Promise<Set<ReceivedEvent>> {
  const keys = [...identities.keys()];
  const rows = await tx.query<{ identity: string }[]>(
    `insert into seen_call (day, identity)
     select day, identity from unnest($1::date[], $2::uuid[]) as claimed (day, identity)
     on conflict do nothing
     returning day::text || ' ' || replace(identity::text, '-', '') as identity`,
    [keys.map((key) => key.slice(0, 10)), keys.map((key) => key.slice(11))],
  );
  return new Set(rows.map((row) => identities.get(row.identity)!));
}

/** False when one of them was seen before: then none is written, and the transaction is as it was. */
export async function copyIdentities(tx: EntityManager, identities: Identities): Promise<boolean> {
  await tx.query('savepoint identities');
  const client = (await tx.queryRunner!.connect()) as ClientBase;
  const stream = client.query(copyFrom('copy seen_call (day, identity) from stdin'));
  let text = '';
  for (const identity of identities.keys()) text += `${identity.slice(0, 10)}\t${identity.slice(11)}\n`;
  stream.end(text);
  try {
    await once(stream, 'finish');
  } catch (error) {
    if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
    await tx.query('rollback to savepoint identities');
    return false;
  }
  await tx.query('release savepoint identities');
  return true;
}
