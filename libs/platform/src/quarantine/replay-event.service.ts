import { topicNamed, type Topic } from '@taxameter/contracts';
import type { EntityManager } from 'typeorm';
import type { Clock } from '../clock.js';
import { failureOf } from '../database/sql-error.js';
import { dayOfCall } from '../event-log/claim-calls.service.js';
import { claimIdentities } from '../event-log/claim-identities.service.js';
import type { ReceivedEvent } from '../event-log/decode-record.js';
import type { Subscription } from '../event-log/event-batch.js';
import { inAscendingOffsets } from '../event-log/in-ascending-offsets.js';
import { ascendingOffset } from '../event-log/log-position.js';
import { conflictOf, refusalOf, sentenceOf } from '../event-log/refusal.js';
import { decodeAgain, withAdvice, type KeptEvent } from './decode-again.js';

/** A quarantined event, and where its room stands: nothing moves there while the replay runs. */
export interface ReplayedEvent extends KeptEvent {
  /** Refused by the handler after its identity was claimed, so the claim is its own. */
  readonly claimed: boolean;
  /** How far the room has read the partition, as rooms are given offsets. */
  readonly readTo: number;
}

export type Finding =
  | { readonly outcome: 'counted' | 'duplicate' | 'ignored'; readonly detail: string }
  | {
      readonly outcome: 'still_bad';
      readonly found: string;
      readonly field: string;
      readonly detail: string;
    };

type Bad = Pick<Extract<Finding, { outcome: 'still_bad' }>, 'found' | 'field' | 'detail'>;

/** Rolls the savepoint back: an event that is still bad leaves neither effects nor an identity. */
class StillBad extends Error {
  constructor(readonly bad: Bad) {
    super(bad.detail);
  }
}

const DAY_MS = 86_400_000;

/**
 * Takes an event through decoding, its claim and the room's handler once more, inside the transaction of the command.
 * @throws whatever is trouble outside or a broken invariant of ours: then the whole command must be rolled back
 */
export async function replayEvent(
  tx: EntityManager,
  subscription: Subscription,
  kept: ReplayedEvent,
  clock: Clock,
): Promise<Finding> {
  try {
    // TypeORM makes a savepoint of a transaction in a transaction.
    return await tx.transaction((inner) => attempt(inner, subscription, kept, clock));
  } catch (error) {
    if (error instanceof StillBad) return stillBad(error.bad);
    if (failureOf(error) !== 'bad_data') throw error;
    return stillBad({ found: 'refused_by_database', field: '', detail: sentenceOf(error) });
  }
}

async function attempt(
  tx: EntityManager,
  subscription: Subscription,
  kept: ReplayedEvent,
  clock: Clock,
): Promise<Finding> {
  const topic = topicNamed(kept.topic);
  const decoded = decodeAgain(topic, kept);
  if (!('event' in decoded)) throw bad(decoded);
  const { types } = subscription;
  if (types.length > 0 && !types.includes(decoded.event.type)) {
    return { outcome: 'ignored', detail: `${subscription.room} does not count ${decoded.event.type}` };
  }
  const claim = kept.claimed
    ? await confirmClaim(tx, topic, decoded)
    : await claimNow(tx, subscription, decoded, clock);
  if (claim === 'duplicate') {
    return { outcome: 'duplicate', detail: 'another copy, or a newer version of it, was counted before' };
  }
  await handle(tx, subscription, decoded, kept);
  return { outcome: 'counted', detail: '' };
}

async function claimNow(
  tx: EntityManager,
  subscription: Subscription,
  received: ReceivedEvent,
  clock: Clock,
): Promise<'fresh' | 'duplicate'> {
  const topic = topicNamed(subscription.topic);
  if (topic.identity === 'source-and-id') await openDay(tx, topic, received, clock);
  if (topic.identity === 'key-and-version' && received.key === null) {
    const detail =
      'came without its key, so nobody can say which state it replaces: let its owner publish again';
    throw new StillBad({ found: 'no_key', field: '', detail });
  }
  const claim = await claimIdentities(tx, subscription, [received]);
  if (claim.conflicts.length > 0) throw bad(conflictOf(received));
  return claim.fresh.length > 0 ? 'fresh' : 'duplicate';
}

/** What was claimed stays so, but of a fact a newer version may have been taken since: an older one must not undo it. */
async function confirmClaim(
  tx: EntityManager,
  topic: Topic,
  { key, event }: ReceivedEvent,
): Promise<'fresh' | 'duplicate'> {
  if (topic.identity !== 'key-and-version') return 'fresh';
  const [newest] = await tx.query<{ version: number }[]>(
    'select version from seen_version where topic = $1 and key = $2 for update',
    [topic.name, key ?? ''],
  );
  const { version } = event.data as { version: number };
  return newest === undefined || newest.version <= version ? 'fresh' : 'duplicate';
}

/**
 * Identities of calls are kept by day and for some days only. Where the day is gone nobody can say whether another copy was
 * counted, and a day made anew would say "no".
 */
async function openDay(
  tx: EntityManager,
  { latestAfterMs }: Topic,
  received: ReceivedEvent,
  clock: Clock,
): Promise<void> {
  const day = dayOfCall(received);
  const ageMs = clock.now().getTime() - Date.parse(day);
  if (latestAfterMs !== null && ageMs > latestAfterMs + DAY_MS) {
    const [{ kept }] = await tx.query<[{ kept: boolean }]>('select to_regclass($1) is not null as kept', [
      `seen_call_${day.replaceAll('-', '')}`,
    ]);
    if (!kept) {
      const detail = `the identities of ${day} are no longer kept, so it could be counted twice: discard it`;
      throw new StillBad({ found: 'identities_gone', field: 'time', detail });
    }
  }
  // In this transaction: a second connection could be one too many for the pool.
  await tx.query('select ensure_seen_call_day($1::date)', [day]);
}

async function handle(
  tx: EntityManager,
  subscription: Subscription,
  received: ReceivedEvent,
  { topic, partition, generation, offset, readTo }: ReplayedEvent,
): Promise<void> {
  const rejected: Bad[] = [];
  const { shown } = inAscendingOffsets(generation, [received]);
  await subscription.handle({
    topic,
    partition,
    fromOffset: ascendingOffset(generation, offset),
    toOffset: readTo,
    events: shown,
    tx,
    isReplay: true,
    quarantine: (_, reason, detail) => rejected.push(bad(refusalOf(received, reason, detail)).bad),
  });
  if (rejected[0]) throw new StillBad(rejected[0]);
}

function bad({ reason, field, detail }: { reason: string; field: string; detail: string }): StillBad {
  return new StillBad({ found: reason, field, detail });
}

function stillBad({ found, field, detail }: Bad): Finding {
  return { outcome: 'still_bad', found, field, detail: withAdvice(found, detail) };
}
