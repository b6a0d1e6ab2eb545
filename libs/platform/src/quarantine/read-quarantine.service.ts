import { fields } from '@taxameter/contracts';
import type { EntityManager } from 'typeorm';
import { z } from 'zod';
import { readPlaceCursor, writePlaceCursor } from '../http/place-cursor.js';
import type { ItemPosition, QuarantineDecision, QuarantineItem } from './quarantine-routes.js';

/** What is in the quarantine of one room. */

export interface QuarantineFilter {
  readonly topic?: string | undefined;
  readonly reason?: string | undefined;
  readonly state: QuarantineItem['state'];
}

const HISTORY_SHOWN = 100;

/** Items of a room, newest first, at most `limit`, after the place of a cursor. */
export async function readItems(
  tx: EntityManager,
  room: string,
  { topic, reason, state }: QuarantineFilter,
  { limit, after }: { readonly limit: number; readonly after: Place | null },
): Promise<QuarantineItem[]> {
  const rows = await tx.query<ItemRow[]>(LIST, [
    ...[state, topic ?? null, reason ?? null, room, limit],
    ...(after ?? Array<null>(7).fill(null)),
  ]);
  return rows.map((row) => itemOf(room, row));
}

/** Items by reason, without looking at the reason that is asked for. */
export async function countByReason(
  tx: EntityManager,
  { topic, state }: QuarantineFilter,
): Promise<{ reason: string; count: number }[]> {
  return tx.query(
    `select reason, count(*) as count from quarantine
     where state = $1 and ($2::text is null or topic = $2) group by reason`,
    [state, topic ?? null],
  );
}

/** null when there is no such item. */
export async function readItem(
  tx: EntityManager,
  room: string,
  position: ItemPosition,
): Promise<(QuarantineItem & { bytes: Buffer; history: QuarantineDecision[] }) | null> {
  const { topic, partition, generation, offset, index } = position;
  const at = [topic, partition, offset, index, generation];
  const [row] = await tx.query<(ItemRow & { bytes: Buffer })[]>(ONE, at);
  if (!row) return null;
  const history = await tx.query<DecisionRow[]>(HISTORY, [...at, HISTORY_SHOWN]);
  return { ...itemOf(room, row), bytes: row.bytes, history: history.reverse().map(decisionOf) };
}

interface ItemRow {
  readonly topic: string;
  readonly partition: number;
  readonly generation: number;
  readonly offset: number;
  readonly index: number;
  readonly reason: string;
  readonly field: string;
  readonly detail: string;
  readonly appendedAt: Date;
  readonly quarantinedAt: Date;
  readonly sizeBytes: number;
  readonly state: QuarantineItem['state'];
  readonly decidedAt: Date | null;
  readonly actorId: string | null;
  readonly actorName: string | null;
  readonly decisionReason: string | null;
}

interface DecisionRow extends Pick<QuarantineDecision, 'decision' | 'reason' | 'found' | 'field' | 'detail'> {
  readonly decidedAt: Date;
  readonly actorId: string;
  readonly actorName: string;
}

function itemOf(room: string, row: ItemRow): QuarantineItem {
  const { topic, partition, generation, offset, index, sizeBytes, state, decisionReason } = row;
  const { reason, field, detail } = row;
  return {
    ...{ room, topic, partition, generation, offset, index, reason, field, detail },
    appendedAt: row.appendedAt.toISOString(),
    quarantinedAt: row.quarantinedAt.toISOString(),
    ...{ sizeBytes, state },
    decidedAt: row.decidedAt?.toISOString() ?? null,
    decidedBy: row.actorId === null ? null : { id: row.actorId, name: row.actorName ?? '' },
    decisionReason,
  };
}

function decisionOf({ decidedAt, actorId, actorName, ...row }: DecisionRow): QuarantineDecision {
  return { ...row, at: decidedAt.toISOString(), by: { id: actorId, name: actorName } };
}

const integer = z.int().min(0).max(2_147_483_647);
const placeSchema = z.tuple([
  fields.instant,
  z.string(),
  z.string(),
  integer,
  integer,
  z.int().min(0),
  integer,
]);
/**
 * Where a page ended, the key of the order of all rooms: quarantined at, room, topic, partition, generation, offset, index of
 * the event in its record.
 */
export type Place = z.output<typeof placeSchema>;

export function placeOf({ quarantinedAt, room, ...item }: QuarantineItem): Place {
  return [quarantinedAt, room, item.topic, item.partition, item.generation, item.offset, item.index];
}

/** Newest first; of the same instant by room and position, downwards, as PostgreSQL's collation "C" has it. */
export function newestFirst(left: QuarantineItem, right: QuarantineItem): number {
  const [one, other] = [placeOf(left), placeOf(right)];
  const differing = one.findIndex((value, index) => value !== other[index]);
  if (differing === -1) return 0;
  return one[differing]! > other[differing]! ? -1 : 1;
}

export function cursorOf(item: QuarantineItem): string {
  return writePlaceCursor(placeOf(item));
}

/** @throws Problem 400 when the cursor is not one of ours */
export function placeOfCursor(cursor: string): Place {
  return readPlaceCursor(placeSchema, cursor);
}

const COLUMNS = `
  item.topic, item.partition, item.log_generation as generation, item."offset", item.index, item.reason, item.field, item.detail, item.state,
  item.appended_at as "appendedAt", item.quarantined_at as "quarantinedAt",
  octet_length(item.bytes) as "sizeBytes", last.decided_at as "decidedAt", last.actor_id as "actorId",
  last.actor_name as "actorName", last.reason as "decisionReason"`;

const LAST_DECISION = `
  left join lateral (
    select decided_at, actor_id, actor_name, reason from quarantine_decision as decision
    where decision.topic = item.topic and decision.partition = item.partition
      and decision.log_generation = item.log_generation
      and decision."offset" = item."offset" and decision.index = item.index
    order by id desc limit 1
  ) as last on true`;

const LIST = `
  select ${COLUMNS}
  from (
    select * from quarantine
    where state = $1 and ($2::text is null or topic = $2) and ($3::text is null or reason = $3)
      and ($6::timestamptz is null or (quarantined_at <= $6 and
        (quarantined_at, $4::text collate "C", topic collate "C", partition::bigint, log_generation::bigint,
         "offset", index::bigint)
          < ($6, $7::text, $8::text, $9::bigint, $10::bigint, $11::bigint, $12::bigint)))
    order by quarantined_at desc, topic collate "C" desc, partition desc, log_generation desc, "offset" desc,
             index desc
    limit $5
  ) as item ${LAST_DECISION}
  order by quarantined_at desc, item.topic collate "C" desc, item.partition desc, item.log_generation desc,
           item."offset" desc, item.index desc`;

const ONE = `
  select ${COLUMNS}, item.bytes from quarantine as item ${LAST_DECISION}
  where item.topic = $1 and item.partition = $2 and item."offset" = $3 and item.index = $4
    and item.log_generation = $5`;

const HISTORY = `
  select decision, decided_at as "decidedAt", actor_id as "actorId", actor_name as "actorName", reason, found,
         found_field as field, found_detail as detail
  from quarantine_decision
  where topic = $1 and partition = $2 and "offset" = $3 and index = $4 and log_generation = $5
  order by id desc limit $6`;
