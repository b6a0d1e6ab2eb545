import { topicNamed, validateEvent, type CloudEvent, type Topic } from '@taxameter/contracts';
import type { DataSource, EntityManager } from 'typeorm';
import type { Logger } from '../logging.service.js';
import { startLoop, type Loop } from '../loop.service.js';
import { EventLogError } from './kafka-failure.js';
import { partitionForKey } from './partition-for-key.js';
import { STRUCTURED_CONTENT_TYPE, type EventLogProducer } from './record.js';

/**
 * Facts leave a room by its outbox: written in the transaction that makes them true, sent on by a relay. A crash between
 * sending and deleting sends twice; the version in the fact makes the second copy a duplicate.
 */

const RELAY_BATCH = 200;
const RELAY_IDLE_MS = 500;

/** A fact about to be published. `key` decides the partition and, on a compacted topic, what it replaces. */
export interface Fact {
  readonly topic: Topic;
  readonly key: string;
  readonly type: string;
  /** When it became true. */
  readonly time: Date;
  readonly data: { readonly version: number };
}

/**
 * Puts facts into the outbox of the transaction. Lock the aggregate first: versions of one key must get ascending rows.
 * @throws Error when a fact breaks its own schema: a bug of ours, found before anybody reads it
 */
export async function publishFacts(tx: EntityManager, room: string, facts: readonly Fact[]): Promise<void> {
  if (facts.length === 0) return;
  const events = facts.map((fact) => JSON.stringify(eventOf(fact, room)));
  await tx.query(
    // In the order of the facts, also their ids: by these they are sent.
    `insert into outbox (topic, key, event, created_at)
     select topic, key, event, created_at
     from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) with ordinality as fact (topic, key, event, created_at, place)
     order by place`,
    [
      facts.map(({ topic }) => topic.name),
      facts.map(({ key }) => key),
      events,
      facts.map(({ time }) => time),
    ],
  );
}

function eventOf(fact: Fact, room: string): CloudEvent {
  const event: CloudEvent = {
    specversion: '1.0',
    // Deterministic, so that a fact sent twice is one fact.
    id: `${fact.type}/${fact.key}/${fact.data.version}`.slice(0, 256),
    source: `/taxameter/${room}`,
    type: fact.type,
    time: fact.time.toISOString(),
    subject: fact.key.slice(0, 256),
    datacontenttype: 'application/json',
    data: fact.data,
  };
  const verdict = validateEvent(event);
  if (!verdict.ok) throw new Error(`${fact.type} breaks its schema: ${verdict.field} ${verdict.detail}`);
  return event;
}

interface OutboxRow {
  readonly id: number;
  readonly topic: string;
  readonly key: string;
  readonly event: string;
}

/** Sends the oldest facts on; true when there were any. One relay at a time per room, so that versions stay in order. */
export async function relayOnce(database: DataSource, producer: EventLogProducer): Promise<boolean> {
  return database.transaction(async (tx) => {
    const [{ locked }] = await tx.query<[{ locked: boolean }]>(
      'select pg_try_advisory_xact_lock(7340003, hashtext(current_schema())) as locked',
    );
    if (!locked) return false;
    const rows = await tx.query<OutboxRow[]>(
      'select id, topic, key, event from outbox order by id limit $1',
      [RELAY_BATCH],
    );
    if (rows.length === 0) return false;
    await producer.append(
      rows.map(({ topic, key, event }) => ({
        topic,
        partition: partitionForKey(key, topicNamed(topic).partitions),
        key,
        headers: { 'content-type': STRUCTURED_CONTENT_TYPE },
        value: new TextEncoder().encode(event),
      })),
    );
    await tx.query('delete from outbox where id = any($1)', [rows.map((row) => row.id)]);
    return true;
  });
}

/** How a relay of this process is; shown in health. */
export interface RelayStatus {
  readonly room: string;
  /** Since when it has been trying without success, by `performance.now()`: a stopped clock must not hide it. Null while all is well. */
  tryingSinceMs: number | null;
  /** What the last attempt failed by; null also while the first one waits for its answer. */
  reason: string | null;
}

export function startRelay(
  status: RelayStatus,
  database: DataSource,
  producer: EventLogProducer,
  logger: Logger,
): Loop {
  return startLoop({
    name: `relay of ${status.room}`,
    idleMs: RELAY_IDLE_MS,
    logger,
    step: async () => {
      status.tryingSinceMs ??= performance.now();
      try {
        const sent = await relayOnce(database, producer);
        status.tryingSinceMs = null;
        status.reason = null;
        return sent;
      } catch (error) {
        // Everybody may read health: a sentence of ours, and not what a driver quotes.
        status.reason =
          error instanceof EventLogError ? error.message : 'its facts cannot be sent: see the log';
        throw error;
      }
    },
  });
}
