import { topicNamed, type Topic } from '@taxameter/contracts';
import type { DataSource, EntityManager } from 'typeorm';
import type { Clock } from '../clock.js';
import { failureOf } from '../database/sql-error.js';
import { dayOfCall } from './claim-calls.service.js';
import { claimIdentities } from './claim-identities.service.js';
import { decodeRecord, type ReceivedEvent, type RefusedEvent } from './decode-record.js';
import type { Subscription } from './event-batch.js';
import { inAscendingOffsets } from './in-ascending-offsets.js';
import { ascendingOffset, type LogPosition } from './log-position.js';
import { putInQuarantine } from './put-in-quarantine.service.js';
import type { StoredRecord } from './record.js';
import { conflictOf, refusalOf, sentenceOf } from './refusal.js';

/**
 * The heart of delivery, the same on every transport: records of one topic-partition take effect exactly once. Position
 * (a compare-and-set), identities, effects, quarantine and accounting commit in one transaction.
 */
export interface RecordRange {
  readonly topic: string;
  readonly partition: number;
  /** Which log of this partition the offsets are of. */
  readonly generation: number;
  readonly records: readonly StoredRecord[];
  readonly fromOffset: number;
  /** The offset after the range; beyond the last record + 1 where the log has control records or was compacted. */
  readonly toOffset: number;
}

export interface Accounting {
  readonly read: number;
  readonly counted: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly ignored: number;
}

/** `fenced`: another consumer has moved the position; nothing was done, read the position again. */
export type Outcome =
  { readonly kind: 'committed'; readonly accounting: Accounting } | { readonly kind: 'fenced' };

interface Prepared {
  readonly topic: Topic;
  readonly wanted: readonly ReceivedEvent[];
  readonly refused: readonly RefusedEvent[];
  readonly ignored: number;
  readonly read: number;
}

class Fenced extends Error {}
/** Ends a trial transaction whose only purpose was to see whether it would succeed. */
class TrialPassed extends Error {}

/**
 * @throws whatever is trouble outside (retry the same range) or a broken invariant of ours (stop the partition): see `failureOf`
 */
export async function processRecords(
  database: DataSource,
  subscription: Subscription,
  range: RecordRange,
  clock: Clock,
): Promise<Outcome> {
  const prepared = prepare(subscription, range);
  await ensureCallDays(database, prepared);
  const attempt = new Attempt(database, subscription, range, clock, prepared);
  try {
    return { kind: 'committed', accounting: await attempt.commit(new Map()) };
  } catch (error) {
    if (error instanceof Fenced) return { kind: 'fenced' };
    if (failureOf(error) !== 'bad_data') throw error;
    const poison = await attempt.findPoison(prepared.wanted, error);
    try {
      return { kind: 'committed', accounting: await attempt.commit(poison) };
    } catch (again) {
      if (again instanceof Fenced) return { kind: 'fenced' };
      throw again;
    }
  }
}

function prepare(subscription: Subscription, range: RecordRange): Prepared {
  const topic = topicNamed(range.topic);
  const decoded = range.records.map((record) => decodeRecord(topic, record));
  const received = decoded.flatMap((record) => record.received);
  const refused = decoded.flatMap((record) => record.refused);
  const tombstones = decoded.reduce((sum, record) => sum + record.tombstones, 0);
  const { types } = subscription;
  const wanted = types.length === 0 ? received : received.filter(({ event }) => types.includes(event.type));
  return {
    topic,
    wanted,
    refused,
    ignored: tombstones + received.length - wanted.length,
    read: received.length + refused.length + tombstones,
  };
}

const knownDays = new WeakMap<DataSource, Set<string>>();

async function ensureCallDays(database: DataSource, prepared: Prepared): Promise<void> {
  if (prepared.topic.identity !== 'source-and-id') return;
  const known = knownDays.get(database) ?? new Set();
  knownDays.set(database, known);
  for (const day of new Set(prepared.wanted.map(dayOfCall))) {
    if (known.has(day)) continue;
    await database.query('select ensure_seen_call_day($1::date)', [day]);
    known.add(day);
  }
}

class Attempt {
  constructor(
    private readonly database: DataSource,
    private readonly subscription: Subscription,
    private readonly range: RecordRange,
    private readonly clock: Clock,
    private readonly prepared: Prepared,
  ) {}

  /** One transaction over the whole range; the events in `poison` go to quarantine instead of to the handler. */
  async commit(poison: ReadonlyMap<ReceivedEvent, string>): Promise<Accounting> {
    return this.database.transaction(async (tx) => {
      await this.movePosition(tx);
      const events = this.prepared.wanted.filter((received) => !poison.has(received));
      const claim = await claimIdentities(tx, this.subscription, events);
      const rejected = await this.handle(tx, claim.fresh);
      const unclaimed = [
        ...this.prepared.refused,
        ...claim.conflicts.map(conflictOf),
        ...[...poison].map(([received, detail]) => refusalOf(received, 'refused_by_database', detail)),
      ];
      await putInQuarantine(tx, this.range.generation, { unclaimed, claimed: rejected }, this.clock.now());
      const accounting: Accounting = {
        read: this.prepared.read,
        counted: claim.fresh.length - rejected.length,
        duplicate: claim.duplicates,
        quarantined: unclaimed.length + rejected.length,
        ignored: this.prepared.ignored,
      };
      await this.account(tx, accounting);
      return accounting;
    });
  }

  /**
   * SQLSTATE 22 or 23: some event cannot be stored. Halves the batch in trial transactions that are always rolled back until
   * the events are found that fail by themselves; costs about 2 × log₂(n) trials for one bad event among n.
   */
  async findPoison(events: readonly ReceivedEvent[], cause: unknown): Promise<Map<ReceivedEvent, string>> {
    if (events.length === 0) throw cause;
    if (events.length === 1) return new Map([[events[0]!, sentenceOf(cause)]]);
    const middle = events.length >> 1;
    const poison = new Map<ReceivedEvent, string>();
    for (const half of [events.slice(0, middle), events.slice(middle)]) {
      const failure = await this.trial(half);
      if (failure === null) continue;
      for (const [received, detail] of await this.findPoison(half, failure)) poison.set(received, detail);
    }
    // Each half passes by itself but not both together: the failure is between events, so it is ours, not one event's.
    if (poison.size === 0) throw new Error('a batch fails although each of its events passes', { cause });
    return poison;
  }

  private async trial(events: readonly ReceivedEvent[]): Promise<unknown> {
    try {
      await this.database.transaction(async (tx) => {
        const claim = await claimIdentities(tx, this.subscription, events);
        await this.handle(tx, claim.fresh);
        throw new TrialPassed();
      });
    } catch (error) {
      if (error instanceof TrialPassed) return null;
      if (failureOf(error) !== 'bad_data') throw error;
      return error;
    }
    return null;
  }

  private async handle(tx: EntityManager, events: readonly ReceivedEvent[]): Promise<RefusedEvent[]> {
    const rejected = new Map<ReceivedEvent, RefusedEvent>();
    if (events.length > 0) {
      const { topic, partition, generation, fromOffset, toOffset } = this.range;
      const { shown, originalOf } = inAscendingOffsets(generation, events);
      await this.subscription.handle({
        topic,
        partition,
        fromOffset: ascendingOffset(generation, fromOffset),
        toOffset: ascendingOffset(generation, toOffset),
        events: shown,
        tx,
        quarantine: (event, reason, detail) => {
          const received = originalOf(event);
          rejected.set(received, refusalOf(received, reason, detail));
        },
      });
    }
    return [...rejected.values()];
  }

  /** The fence: a zombie after a rebalance finds the position moved, updates no row, and its work is rolled back. */
  private async movePosition(tx: EntityManager): Promise<void> {
    const { topic, partition, generation, fromOffset, toOffset } = this.range;
    const [, moved] = await tx.query<[unknown, number]>(
      `update consumer_position set next_offset = $4
       where topic = $1 and partition = $2 and next_offset = $3 and log_generation = $5`,
      [topic, partition, fromOffset, toOffset, generation],
    );
    if (moved === 0) throw new Fenced();
  }

  private async account(tx: EntityManager, accounting: Accounting): Promise<void> {
    const { topic, partition, generation, fromOffset, toOffset } = this.range;
    const { read, counted, duplicate, quarantined, ignored } = accounting;
    await tx.query(
      `insert into consumer_accounting
         (topic, partition, from_offset, to_offset, kind, read, counted, duplicate, quarantined, ignored, committed_at, log_generation)
       values ($1, $2, $3, $4, 'log', $5, $6, $7, $8, $9, $10, $11)`,
      [
        topic,
        partition,
        fromOffset,
        toOffset,
        read,
        counted,
        duplicate,
        quarantined,
        ignored,
        this.clock.now(),
        generation,
      ],
    );
  }
}

/** Where the room goes on reading; a topic-partition never read before starts at 0, so that nothing is lost. */
export async function readPosition(
  database: DataSource,
  topic: string,
  partition: number,
): Promise<LogPosition> {
  await database.query(
    'insert into consumer_position (topic, partition, next_offset) values ($1, $2, 0) on conflict do nothing',
    [topic, partition],
  );
  const [row] = await database.query<LogPosition[]>(
    'select log_generation as generation, next_offset as "nextOffset" from consumer_position where topic = $1 and partition = $2',
    [topic, partition],
  );
  return row!;
}
