import type { EntityManager } from 'typeorm';
import type { Clock } from '../clock.js';
import { failureOf } from '../database/sql-error.js';
import type { Subscription } from '../event-log/event-batch.js';
import { ASCENDING_POSITION, ascendingOffset } from '../event-log/log-position.js';
import { Problem } from '../http/problem.js';
import type { Logger } from '../logging.service.js';
import {
  nameOf,
  recordDecision,
  unchanged,
  type Decider,
  type Decision,
  type LockedItem,
} from './decide.service.js';
import type { DecidedItem } from './quarantine-routes.js';
import { replayEvent, type Finding, type ReplayedEvent } from './replay-event.service.js';

/** What a room needs for a replay: `subscriptionTo` is undefined for a topic that it does not read. */
export interface ReplayRoom {
  readonly room: string;
  readonly subscriptionTo: (topic: string) => Subscription | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Replays locked items one by one in the order of their positions, inside the transaction of the command. One that is bad
 * again is rolled back by itself.
 * @throws Problem 409 when the room does not read the topic, 500 when its handler breaks; then nothing is replayed
 */
export async function replayItems(
  tx: EntityManager,
  replayRoom: ReplayRoom,
  items: readonly LockedItem[],
  decider: Decider,
): Promise<DecidedItem[]> {
  const open = items.filter(({ state }) => state === 'open');
  const subscriptions = new Map(
    [...new Set(open.map(({ topic }) => topic))].map((topic) => [topic, subscriptionOf(replayRoom, topic)]),
  );
  const positions = await lockPositions(tx, open);
  const decided: DecidedItem[] = [];
  for (const item of items) {
    if (item.state !== 'open') {
      decided.push(unchanged(item));
      continue;
    }
    const { generation, offset } = item;
    const readTo =
      positions.get(`${item.topic} ${item.partition}`) ?? ascendingOffset(generation, offset + 1);
    const kept = { ...(await keptEvent(tx, item)), readTo };
    const finding = await replayOne(tx, subscriptions.get(item.topic)!, kept, replayRoom);
    const decision = decisionOn(finding);
    if (decision.decision === 'replayed') await account(tx, item, finding, decider.at);
    decided.push(await recordDecision(tx, item, decision, decider));
  }
  return decided;
}

function subscriptionOf({ room, subscriptionTo }: ReplayRoom, topic: string): Subscription {
  const subscription = subscriptionTo(topic);
  if (subscription) return subscription;
  throw new Problem(
    409,
    'topic-not-read',
    `${room} does not read ${topic} any more: its items can be discarded`,
  );
}

/**
 * A replay is like a batch of its partition, and of those one runs at a time: the room's reader waits for the row that it
 * would move. Sorted, as every reader of several positions does.
 */
async function lockPositions(tx: EntityManager, items: readonly LockedItem[]): Promise<Map<string, number>> {
  const wanted = [...new Map(items.map((item) => [`${item.topic} ${item.partition}`, item])).values()];
  const rows = await tx.query<{ topic: string; partition: number; reached: number }[]>(
    `select topic, partition, ${ASCENDING_POSITION} as reached
     from consumer_position join unnest($1::text[], $2::integer[]) as wanted (topic, partition)
       using (topic, partition)
     order by topic, partition for update of consumer_position`,
    [wanted.map(({ topic }) => topic), wanted.map(({ partition }) => partition)],
  );
  return new Map(rows.map((row) => [`${row.topic} ${row.partition}`, row.reached]));
}

/** One at a time: 500 items with their bytes at once could be 500 MB. */
async function keptEvent(
  tx: EntityManager,
  { topic, partition, generation, offset, index }: LockedItem,
): Promise<Omit<ReplayedEvent, 'readTo'>> {
  const [row] = await tx.query<[Omit<ReplayedEvent, 'readTo'>]>(
    `select topic, partition, log_generation as generation, "offset", index, reason, bytes, key, claimed, appended_at as "appendedAt"
     from quarantine
     where topic = $1 and partition = $2 and "offset" = $3 and index = $4 and log_generation = $5`,
    [topic, partition, offset, index, generation],
  );
  return row;
}

async function replayOne(
  tx: EntityManager,
  subscription: Subscription,
  kept: ReplayedEvent,
  { room, clock, logger }: ReplayRoom,
): Promise<Finding> {
  try {
    return await replayEvent(tx, subscription, kept, clock);
  } catch (error) {
    if (failureOf(error) === 'trouble_outside') throw error;
    const { topic, partition, generation, offset, index } = kept;
    logger.error(
      { err: error, room, topic, partition, generation, offset, index },
      'a replay met a broken invariant',
    );
    throw new Problem(
      500,
      'replay-broke',
      `${room} broke on ${nameOf(kept)}, and nothing of this command was done: see the log of the server, and leave this item out`,
    );
  }
}

function decisionOn(finding: Finding): Decision {
  const { outcome, detail } = finding;
  return outcome === 'still_bad'
    ? {
        ...{ decision: 'still_bad', state: 'open', outcome, detail },
        ...{ found: finding.found, field: finding.field },
      }
    : { decision: 'replayed', state: 'replayed', outcome, found: outcome, field: '', detail };
}

/** One row of kind replay for each event that was settled: read 1, and one of counted, duplicate and ignored. */
async function account(
  tx: EntityManager,
  { topic, partition, generation, offset, index }: LockedItem,
  { outcome }: Finding,
  committedAt: Date,
): Promise<void> {
  await tx.query(
    `insert into consumer_accounting
       (topic, partition, from_offset, to_offset, kind, index, read, counted, duplicate, quarantined, ignored, committed_at,
        log_generation)
     values ($1, $2, $3::bigint, $3::bigint + 1, 'replay', $4, 1, $5, $6, 0, $7, $8, $9)`,
    [
      ...[topic, partition, offset, index],
      ...(['counted', 'duplicate', 'ignored'] as const).map((name) => (outcome === name ? 1 : 0)),
      committedAt,
      generation,
    ],
  );
}
