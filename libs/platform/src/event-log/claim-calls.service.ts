import { once } from 'node:events';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { EntityManager } from 'typeorm';
import { hashOfBody } from './body-hash.service.js';
import type { ReceivedEvent } from './decode-record.js';
import type { Subscription } from './event-batch.js';
import { hash128 } from './hash-128.service.js';

/**
 * Which API calls were never seen before. Two ways to the same answer (ADR 0009): COPY, which is twice as fast and takes the
 * whole batch or nothing, and one statement that skips what is there. A batch that COPY refuses goes by the statement.
 */
export interface CallClaim {
  readonly fresh: ReadonlySet<ReceivedEvent>;
  /** Known with another body; none where bodies are not compared. */
  readonly conflicts: ReadonlySet<ReceivedEvent>;
  readonly way: 'copy' | 'statement';
}

/** First received of each identity; the keys are sorted, so that two batches with the same calls cannot deadlock. */
type Identities = ReadonlyMap<string, ReceivedEvent>;

/** The hash of the body of each event of a batch; null where bodies are not compared (ADR 0012). */
type Bodies = ReadonlyMap<ReceivedEvent, string> | null;

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

export async function claimCalls(
  tx: EntityManager,
  events: readonly ReceivedEvent[],
  { comparesBodies = false }: Pick<Subscription, 'comparesBodies'> = {},
): Promise<CallClaim> {
  const identities = identitiesOf(events);
  const bodies = comparesBodies ? bodiesOf(events) : null;
  const { fresh, way } = await claimEach(tx, identities, bodies);
  const conflicts = bodies ? await conflictsOf(tx, { events, identities, fresh, bodies }) : [];
  return { fresh, way, conflicts: new Set(conflicts) };
}

async function claimEach(
  tx: EntityManager,
  identities: Identities,
  bodies: Bodies,
): Promise<Pick<CallClaim, 'fresh' | 'way'>> {
  const { dataSource } = tx;
  const waiting = dirty.get(dataSource) ?? 0;
  if (waiting === 0 && identities.size >= FEWEST_TO_COPY) {
    if (await copyIdentities(tx, identities, bodies)) {
      return { fresh: new Set(identities.values()), way: 'copy' };
    }
    dirty.set(dataSource, CLEAN_BATCHES_BEFORE_COPY);
  }
  const fresh = await insertIdentities(tx, identities, bodies);
  if (fresh.size < identities.size) dirty.set(dataSource, CLEAN_BATCHES_BEFORE_COPY);
  else if (waiting > 0) dirty.set(dataSource, waiting - 1);
  return { fresh, way: 'statement' };
}

function bodiesOf(events: readonly ReceivedEvent[]): Map<ReceivedEvent, string> {
  return new Map(events.map((received) => [received, hashOfBody(received.event)]));
}

/**
 * Those that differ from the body that counted: of the first one in this batch, or of the one that is kept. A call that was kept
 * without its body (from before bodies were compared) differs from none.
 */
async function conflictsOf(
  tx: EntityManager,
  batch: {
    readonly events: readonly ReceivedEvent[];
    readonly identities: Identities;
    readonly fresh: ReadonlySet<ReceivedEvent>;
    readonly bodies: NonNullable<Bodies>;
  },
): Promise<ReceivedEvent[]> {
  const { events, identities, fresh, bodies } = batch;
  if (fresh.size === events.length) return [];
  const known = [...identities].filter(([, first]) => !fresh.has(first)).map(([key]) => key);
  const counted = await keptBodies(tx, known);
  return events.filter((received) => {
    const identity = identityOfCall(received);
    const first = identities.get(identity)!;
    const body = fresh.has(first) ? bodies.get(first)! : counted.get(identity);
    return body !== undefined && body !== bodies.get(received);
  });
}

async function keptBodies(tx: EntityManager, keys: readonly string[]): Promise<Map<string, string>> {
  if (keys.length === 0) return new Map();
  const rows = await tx.query<{ identity: string; body: string }[]>(
    `select day::text || ' ' || replace(identity::text, '-', '') as identity, replace(body_hash::text, '-', '') as body
     from seen_call join unnest($1::date[], $2::uuid[]) as known (day, identity) using (day, identity)
     where body_hash is not null`,
    [daysOf(keys), hashesOf(keys)],
  );
  return new Map(rows.map(({ identity, body }) => [identity, body]));
}

function daysOf(keys: readonly string[]): string[] {
  return keys.map((key) => key.slice(0, 10));
}

function hashesOf(keys: readonly string[]): string[] {
  return keys.map((key) => key.slice(11));
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
  bodies: Bodies = null,
): Promise<Set<ReceivedEvent>> {
  const keys = [...identities.keys()];
  const rows = await tx.query<{ identity: string }[]>(
    // A shorter array is filled up with nulls: without bodies there are none.
    `insert into seen_call (day, identity, body_hash)
     select day, identity, body_hash
     from unnest($1::date[], $2::uuid[], $3::uuid[]) as claimed (day, identity, body_hash)
     on conflict do nothing
     returning day::text || ' ' || replace(identity::text, '-', '') as identity`,
    [daysOf(keys), hashesOf(keys), bodies ? [...identities.values()].map((first) => bodies.get(first)) : []],
  );
  return new Set(rows.map((row) => identities.get(row.identity)!));
}

/** False when one of them was seen before: then none is written, and the transaction is as it was. */
export async function copyIdentities(
  tx: EntityManager,
  identities: Identities,
  bodies: Bodies = null,
): Promise<boolean> {
  await tx.query('savepoint identities');
  const client = (await tx.queryRunner!.connect()) as ClientBase;
  const columns = bodies ? 'day, identity, body_hash' : 'day, identity';
  const stream = client.query(copyFrom(`copy seen_call (${columns}) from stdin`));
  let text = '';
  for (const [identity, first] of identities) {
    text += `${identity.slice(0, 10)}\t${identity.slice(11)}`;
    text += bodies ? `\t${bodies.get(first)}\n` : '\n';
  }
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
