import type { EntityManager } from 'typeorm';
import { notFound } from '../http/problem.js';
import {
  MAX_ITEMS_PER_COMMAND,
  type ChosenItems,
  type DecidedItem,
  type DecidedItems,
  type ItemPosition,
  type QuarantineItem,
} from './quarantine-routes.js';

/** Choosing the items of a command, and writing down what was decided about each. */

/** An item of the quarantine, locked until the transaction ends. */
export interface LockedItem extends ItemPosition {
  readonly state: QuarantineItem['state'];
}

/** Who decides, when, and why. */
export interface Decider {
  readonly actorId: string;
  readonly actorName: string;
  readonly at: Date;
  readonly reason: string;
}

/** What a command made of one item; `found` is what a replay found out. */
export interface Decision {
  readonly decision: 'replayed' | 'still_bad' | 'discarded' | 'reopened';
  readonly state: QuarantineItem['state'];
  readonly outcome: DecidedItem['outcome'];
  readonly found: string;
  readonly field: string;
  readonly detail: string;
}

/**
 * The items of a command in the order of their positions: two commands lock them in the same order, so that the second waits
 * and then sees what the first has decided. `next` is where the filter goes on.
 * @throws Problem 404 naming the first position where there is no item
 */
export async function chooseItems(
  tx: EntityManager,
  { room, items, filter }: Pick<ChosenItems, 'room' | 'items' | 'filter'>,
  state: QuarantineItem['state'],
): Promise<{ items: LockedItem[]; next: DecidedItems['next'] }> {
  if (filter !== undefined) {
    const after = filter.after ?? { partition: -1, generation: -1, offset: -1, index: -1 };
    const found = await tx.query<LockedItem[]>(FILTERED, [
      ...[state, filter.topic, filter.reason],
      ...[after.partition, after.generation, after.offset, after.index, MAX_ITEMS_PER_COMMAND],
    ]);
    const last = found.length < MAX_ITEMS_PER_COMMAND ? undefined : found.at(-1);
    return { items: found, next: last ? placeInFilter(last) : null };
  }
  const generations = await presentGenerations(tx, items ?? []);
  const named = new Map(
    (items ?? []).map((item) => {
      const generation = item.generation ?? generations.get(partitionOf(item)) ?? 0;
      const whole = { ...item, generation };
      return [nameOf(whole), whole] as const;
    }),
  );
  const wanted = [...named.values()];
  const found = await tx.query<LockedItem[]>(NAMED, [
    wanted.map(({ topic }) => topic),
    wanted.map(({ partition }) => partition),
    wanted.map(({ offset }) => offset),
    wanted.map(({ index }) => index),
    wanted.map(({ generation }) => generation),
  ]);
  for (const item of found) named.delete(nameOf(item));
  const [missing] = named.keys();
  if (missing !== undefined) throw notFound(`item ${missing} in the quarantine of ${room}`);
  return { items: found, next: null };
}

/** The log that each partition is read from now, for those who name none. */
export async function presentGenerations(
  tx: EntityManager,
  items: readonly Pick<ItemPosition, 'topic' | 'partition'>[],
): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.query<{ topic: string; partition: number; generation: number }[]>(
    `select topic, partition, log_generation as generation from consumer_position where topic = any($1)`,
    [items.map(({ topic }) => topic)],
  );
  return new Map(rows.map((row) => [partitionOf(row), row.generation]));
}

export function partitionOf({ topic, partition }: Pick<ItemPosition, 'topic' | 'partition'>): string {
  return `${topic}/${partition}`;
}

function placeInFilter({ partition, generation, offset, index }: ItemPosition): DecidedItems['next'] {
  return { partition, generation, offset, index };
}

/** Keeps a decision about a locked item: a row that is never changed, and the state that follows from it. */
export async function recordDecision(
  tx: EntityManager,
  item: LockedItem,
  { decision, state, outcome, found, field, detail }: Decision,
  { at, actorId, actorName, reason }: Decider,
): Promise<DecidedItem> {
  const { topic, partition, generation, offset, index } = item;
  await tx.query(
    `insert into quarantine_decision
       (topic, partition, "offset", index, decision, decided_at, actor_id, actor_name, reason,
        found, found_field, found_detail, log_generation)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      ...[topic, partition, offset, index, decision, at, actorId, actorName, reason, found, field, detail],
      generation,
    ],
  );
  if (state !== item.state) {
    await tx.query(
      `update quarantine set state = $5
       where topic = $1 and partition = $2 and "offset" = $3 and index = $4 and log_generation = $6`,
      [topic, partition, offset, index, state, generation],
    );
  }
  return { topic, partition, generation, offset, index, outcome, state, found, field, detail };
}

/** An item that the command does not apply to, because somebody decided about it before. */
export function unchanged({ topic, partition, generation, offset, index, state }: LockedItem): DecidedItem {
  const detail =
    state === 'discarded' ? 'is discarded: reopen it to decide anew' : `is ${state}: nothing was done`;
  return {
    ...{ topic, partition, generation, offset, index },
    ...{ outcome: 'unchanged', state, found: '', field: '', detail },
  };
}

/** As people are told it: the log is named where it is not the first. */
export function nameOf({ topic, partition, generation, offset, index }: ItemPosition): string {
  const name = `${topic}/${partition}/${offset}/${index}`;
  return generation === 0 ? name : `${name} of generation ${generation}`;
}

const FILTERED = `
  select topic, partition, log_generation as generation, "offset", index, state from quarantine
  where state = $1 and topic = $2 and reason = $3
    and (partition, log_generation, "offset", index) > ($4::integer, $5::integer, $6::bigint, $7::integer)
  order by topic, partition, log_generation, "offset", index limit $8 for update`;

const NAMED = `
  select topic, partition, log_generation as generation, "offset", index, state
  from quarantine join unnest($1::text[], $2::integer[], $3::bigint[], $4::integer[], $5::integer[])
    as wanted (topic, partition, "offset", index, log_generation)
    using (topic, partition, log_generation, "offset", index)
  order by topic, partition, log_generation, "offset", index for update of quarantine`;
