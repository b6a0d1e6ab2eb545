import { TOPICS, restrictionAnswered } from '@taxameter/contracts';
import { cutPage, publishFacts, type Actor, type PageWanted } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { makeChange } from '../change/change.service.js';
import { refused } from '../restriction/change-restriction.service.js';
import { withoutWords, type Answer } from './answer.js';

/** What was said, in the database. Rows are only added. */

const SELECT = `
  select restriction_id as "restrictionId", integration_id as "integrationId", version, kind, said as text, answer,
    at, said_by as "by", said_by_role as "byRole", answer_due_at as "answerDueAt"
  from restriction_answer as entry`;

/** Nothing was said after it. */
const NEWEST = `not exists (
  select from restriction_answer as later
  where later.restriction_id = entry.restriction_id and later.version > entry.version)`;

type Row = Omit<Answer, 'at' | 'answerDueAt'> & { readonly at: Date; readonly answerDueAt: Date | null };

/** Puts a word into the exchange about a restriction, and tells that there is one. @throws Problem 409 */
export function say(
  tx: EntityManager,
  actor: Actor,
  now: Date,
  restrictionId: string,
  seenVersion: number | undefined,
  decide: (newest: Answer | null) => Answer,
) {
  return makeChange<Answer>(tx, actor, now, {
    subject: `answer|${restrictionId}`,
    action: 'answer_added',
    reason: null,
    seenVersion,
    fact: async () => {
      const { by: _1, byRole: _2, ...data } = withoutWords((await newestAnswer(tx, restrictionId))!);
      await publishFacts(tx, 'partners', [
        {
          topic: TOPICS.restrictionAnswers,
          key: restrictionId,
          type: restrictionAnswered.type,
          time: now,
          data,
        },
      ]);
    },
    load: () => newestAnswer(tx, restrictionId),
    decide: (newest) => refused(() => decide(newest)),
    save: saveAnswer,
    audited: withoutWords,
  });
}

export async function newestAnswer(tx: EntityManager, restrictionId: string): Promise<Answer | null> {
  const [row] = await tx.query<Row[]>(`${SELECT} where restriction_id = $1 order by version desc limit 1`, [
    restrictionId,
  ]);
  return row ? toAnswer(row) : null;
}

/** By when each of these restrictions gets an answer; those of which nothing is open are not in it. */
export async function deadlinesOf(
  tx: EntityManager,
  restrictionIds: readonly string[],
): Promise<Map<string, string>> {
  const rows = await tx.query<Row[]>(
    `${SELECT} where restriction_id = any($1) and answer_due_at is not null and ${NEWEST}`,
    [restrictionIds],
  );
  return new Map(rows.map((row) => [row.restrictionId, row.answerDueAt!.toISOString()]));
}

export interface AnswersWanted extends PageWanted {
  /** Only what was said from this instant on; null: all of it. */
  readonly since: string | null;
}

/** Oldest first; the cursor is a version. */
export async function listAnswers(
  tx: EntityManager,
  restrictionId: string,
  { limit, cursor, since }: AnswersWanted,
) {
  const rows = await tx.query<Row[]>(
    `${SELECT} where restriction_id = $1 and version > $2::integer and ($4::timestamptz is null or at >= $4)
     order by version limit $3`,
    [restrictionId, cursor ?? 0, limit + 1, since],
  );
  return cutPage(rows.map(toAnswer), limit, ({ version }) => String(version));
}

export interface WaitingWanted extends PageWanted {
  /** Only what must have been answered by this instant. */
  readonly overdueAt: Date | null;
}

/** What partners wait for, the longest overdue first; the cursor is `DEADLINE_RESTRICTION`. */
export async function listWaiting(tx: EntityManager, { limit, cursor, overdueAt }: WaitingWanted) {
  const [dueAt, ...rest] = cursor?.split('_') ?? ['-infinity'];
  const rows = await tx.query<Row[]>(
    `${SELECT} where answer_due_at is not null and ${NEWEST}
       and (answer_due_at, restriction_id collate "C") > ($1::timestamptz, $2)
       and ($3::timestamptz is null or answer_due_at <= $3)
     order by answer_due_at, restriction_id collate "C" limit $4`,
    [dueAt, rest.join('_'), overdueAt, limit + 1],
  );
  return cutPage(
    rows.map(toAnswer),
    limit,
    ({ answerDueAt, restrictionId }) => `${answerDueAt}_${restrictionId}`,
  );
}

async function saveAnswer(tx: EntityManager, next: Answer): Promise<void> {
  await tx.query(
    `insert into restriction_answer
       (restriction_id, version, integration_id, kind, said, answer, at, said_by, said_by_role, answer_due_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      next.restrictionId,
      next.version,
      next.integrationId,
      next.kind,
      next.text,
      next.answer && JSON.stringify(next.answer),
      next.at,
      next.by,
      next.byRole,
      next.answerDueAt,
    ],
  );
}

function toAnswer(row: Row): Answer {
  return { ...row, at: row.at.toISOString(), answerDueAt: row.answerDueAt?.toISOString() ?? null };
}
