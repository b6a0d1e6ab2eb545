import type { EntityManager } from 'typeorm';
import type { DirtyMinute, Marks } from './judge.js';

/** Keeps which minutes wait: dirty ones at once, others until they are closed. */

/**
 * In one step. A backlog of a week is judged in steps, since each reads what lies around every mark; and what an evaluator has locked, a
 * batch that adds to it waits for.
 */
const MARKS_PER_STEP = 2_000;
/** So that a backlog of one integration does not take the step from the others. */
const LEAST_MARKS_OF_ONE = 20;

/**
 * One evaluator at a time for an integration, and nobody who settles a case of it meanwhile; until the transaction ends.
 * Always in the same order: two evaluators never wait for each other in a circle.
 */
export async function lockEvaluation(tx: EntityManager, integrationIds: readonly string[]): Promise<void> {
  await tx.query(
    `select pg_advisory_xact_lock(7340010, lock) from (
       select distinct hashtext(current_schema() || id) as lock from unnest($1::text[]) as id order by lock
     ) as sorted`,
    [integrationIds],
  );
}

/**
 * The oldest minutes of each integration that are to be judged now. The dirty ones are locked before any signal is read: a batch that
 * adds to one of them meanwhile waits and marks it anew; one that a batch holds just now is skipped, and comes in a later step.
 * @param before minutes before this one are closed
 * @returns integrations with at least one mark; `areAll`: none was left for the next step but what a batch holds
 */
export async function takeMarks(
  tx: EntityManager,
  integrationIds: readonly string[],
  before: number,
): Promise<{ readonly marks: ReadonlyMap<string, Marks>; readonly areAll: boolean }> {
  const most = Math.max(LEAST_MARKS_OF_ONE, Math.ceil(MARKS_PER_STEP / integrationIds.length));
  const dirty = await tx.query<MarkRow[]>(
    `select taken.* from unnest($1::text[]) as id,
     lateral (select integration_id as "integrationId", agreement_id as "agreementId", minute, appended_at as "appendedAt"
              from dirty_minute where integration_id = id
              order by minute, agreement_id limit $2 for update skip locked) as taken`,
    [integrationIds, most],
  );
  const closed = await tx.query<MarkRow[]>(
    `select taken.* from unnest($1::text[]) as id,
     lateral (select integration_id as "integrationId", agreement_id as "agreementId", minute, appended_at as "appendedAt"
              from unclosed_minute where integration_id = id and minute < $3
              order by minute, agreement_id limit $2) as taken`,
    [integrationIds, most, before],
  );
  const marks = new Map<string, { dirty: DirtyMinute[]; closed: DirtyMinute[] }>();
  const of = (integrationId: string) => {
    const known = marks.get(integrationId) ?? { dirty: [], closed: [] };
    marks.set(integrationId, known);
    return known;
  };
  for (const row of dirty) of(row.integrationId).dirty.push(markOf(row));
  for (const row of closed) of(row.integrationId).closed.push(markOf(row));
  const areAll = [...marks.values()].every((own) => own.dirty.length < most && own.closed.length < most);
  return { marks, areAll };
}

interface MarkRow extends Omit<DirtyMinute, 'appendedAt'> {
  readonly integrationId: string;
  readonly appendedAt: Date;
}

function markOf({ agreementId, minute, appendedAt }: MarkRow): DirtyMinute {
  return { agreementId, minute, appendedAt: appendedAt.toISOString() };
}

/** What was judged is marked no longer. */
export async function forgetMarks(tx: EntityManager, marks: ReadonlyMap<string, Marks>): Promise<void> {
  const forget = async (text: string, rows: readonly PlacedMark[]) => {
    if (rows.length > 0) await tx.query(text, keysOf(rows));
  };
  await forget(
    `delete from dirty_minute using unnest($1::text[], $2::text[], $3::integer[]) as judged (integration, agreement, at)
     where integration_id = integration and agreement_id = agreement and minute = at`,
    placed(marks, ({ dirty }) => dirty),
  );
  await forget(
    `delete from unclosed_minute using unnest($1::text[], $2::text[], $3::integer[]) as judged (integration, agreement, at)
     where integration_id = integration and agreement_id = agreement and minute = at`,
    placed(marks, ({ closed }) => closed),
  );
}

/** @param left by integration */
export async function leaveUntilClosed(
  tx: EntityManager,
  left: ReadonlyMap<string, readonly DirtyMinute[]>,
): Promise<void> {
  const rows = placed(left, (marks) => marks);
  if (rows.length === 0) return;
  await tx.query(
    `insert into unclosed_minute as kept (integration_id, agreement_id, minute, appended_at)
     select * from unnest($1::text[], $2::text[], $3::integer[], $4::timestamptz[])
     on conflict (integration_id, minute, agreement_id)
     do update set appended_at = greatest(kept.appended_at, excluded.appended_at)`,
    [...keysOf(rows), rows.map(({ appendedAt }) => appendedAt)],
  );
}

type PlacedMark = DirtyMinute & { readonly integrationId: string };

function placed<Value>(
  byIntegration: ReadonlyMap<string, Value>,
  marksOf: (value: Value) => readonly DirtyMinute[],
): PlacedMark[] {
  return [...byIntegration].flatMap(([integrationId, value]) =>
    marksOf(value).map((mark) => ({ ...mark, integrationId })),
  );
}

function keysOf(rows: readonly PlacedMark[]): [string[], string[], number[]] {
  return [
    rows.map(({ integrationId }) => integrationId),
    rows.map(({ agreementId }) => agreementId),
    rows.map(({ minute }) => minute),
  ];
}
