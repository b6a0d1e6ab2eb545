import { topicNamed } from '@taxameter/contracts';
import type { EntityManager } from 'typeorm';
import { hashOfBody } from './body-hash.service.js';
import { claimCalls } from './claim-calls.service.js';
import type { ReceivedEvent } from './decode-record.js';
import type { Subscription } from './event-batch.js';

/**
 * Which events of a batch were never seen before. The database decides (a primary key), not a cache with a time limit, and
 * the claim commits with the effects. Of two copies in one batch the first one counts.
 */
export interface Claim {
  readonly fresh: readonly ReceivedEvent[];
  readonly duplicates: number;
  /** The identity is known with another body: the first one counts, this one is quarantined. */
  readonly conflicts: readonly ReceivedEvent[];
}

export async function claimIdentities(
  tx: EntityManager,
  subscription: Pick<Subscription, 'topic' | 'comparesBodies'>,
  events: readonly ReceivedEvent[],
): Promise<Claim> {
  if (events.length === 0) return { fresh: [], duplicates: 0, conflicts: [] };
  switch (topicNamed(subscription.topic).identity) {
    case 'source-and-id':
      return withoutDuplicates(events, await claimCalls(tx, events, subscription));
    case 'message-id':
      return claimMessages(tx, events);
    case 'key-and-version':
      return claimVersions(tx, subscription.topic, events);
  }
}

function withoutDuplicates(
  events: readonly ReceivedEvent[],
  claim: { readonly fresh: ReadonlySet<ReceivedEvent>; readonly conflicts: ReadonlySet<ReceivedEvent> },
): Claim {
  const fresh = events.filter((received) => claim.fresh.has(received));
  const conflicts = [...claim.conflicts];
  return { fresh, conflicts, duplicates: events.length - fresh.length - conflicts.length };
}

async function claimMessages(tx: EntityManager, events: readonly ReceivedEvent[]): Promise<Claim> {
  const bodies = new Map<string, string>();
  const firstOf = new Map<string, ReceivedEvent>();
  const hashes = events.map((received) => hashOfBody(received.event));
  for (const [index, received] of events.entries()) {
    const messageId = messageIdOf(received);
    if (firstOf.has(messageId)) continue;
    firstOf.set(messageId, received);
    bodies.set(messageId, hashes[index]!);
  }
  const messageIds = [...bodies.keys()].sort();
  const inserted = await tx.query<{ message_id: string }[]>(
    `insert into seen_message (message_id, body_hash)
     select message_id, body_hash from unnest($1::text[], $2::uuid[]) as claimed (message_id, body_hash)
     on conflict do nothing
     returning message_id`,
    [messageIds, messageIds.map((messageId) => bodies.get(messageId))],
  );
  const freshIds = new Set(inserted.map((row) => row.message_id));
  const known = messageIds.filter((messageId) => !freshIds.has(messageId));
  if (known.length > 0) {
    const stored = await tx.query<{ message_id: string; body_hash: string }[]>(
      `select message_id, replace(body_hash::text, '-', '') as body_hash from seen_message where message_id = any($1)`,
      [known],
    );
    for (const row of stored) bodies.set(row.message_id, row.body_hash);
  }
  const fresh: ReceivedEvent[] = [];
  const conflicts: ReceivedEvent[] = [];
  for (const [index, received] of events.entries()) {
    const messageId = messageIdOf(received);
    if (freshIds.has(messageId) && firstOf.get(messageId) === received) fresh.push(received);
    else if (bodies.get(messageId) !== hashes[index]) conflicts.push(received);
  }
  return { fresh, conflicts, duplicates: events.length - fresh.length - conflicts.length };
}

async function claimVersions(
  tx: EntityManager,
  topic: string,
  events: readonly ReceivedEvent[],
): Promise<Claim> {
  const keys = [...new Set(events.map((received) => received.key ?? ''))].sort();
  const stored = await tx.query<{ key: string; version: number }[]>(
    'select key, version from seen_version where topic = $1 and key = any($2) order by key for update',
    [topic, keys],
  );
  const newest = new Map(stored.map((row) => [row.key, row.version]));
  const fresh = events.filter((received) => {
    const key = received.key ?? '';
    const { version } = received.event.data as { version: number };
    if (version <= (newest.get(key) ?? 0)) return false;
    newest.set(key, version);
    return true;
  });
  const changed = [...new Set(fresh.map((received) => received.key ?? ''))].sort();
  await tx.query(
    `insert into seen_version (topic, key, version)
     select $1, key, version from unnest($2::text[], $3::bigint[]) as claimed (key, version)
     on conflict (topic, key) do update set version = excluded.version`,
    [topic, changed, changed.map((key) => newest.get(key))],
  );
  return { fresh, duplicates: events.length - fresh.length, conflicts: [] };
}

function messageIdOf(received: ReceivedEvent): string {
  return (received.event.data as { messageId: string }).messageId;
}
