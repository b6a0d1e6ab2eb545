import { cutPage, type PageWanted } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { makeChange } from '../change/change.service.js';
import type { Actor } from '@taxameter/platform';
import { refused } from '../restriction/change-restriction.service.js';
import type { Approval } from './approval.js';

/** Approvals in the database, and the one way in which they change. Rows are never deleted. */

export async function loadApproval(tx: EntityManager, approvalId: string): Promise<Approval | null> {
  const [row] = await tx.query<{ body: Approval }[]>('select body from approval where approval_id = $1', [
    approvalId,
  ]);
  return row?.body ?? null;
}

export interface ApprovalsWanted extends PageWanted {
  readonly state: Approval['state'] | null;
  readonly integrationId: string | null;
}

/** By id: those asked for earlier first. */
export async function listApprovals(
  tx: EntityManager,
  { limit, cursor, state, integrationId }: ApprovalsWanted,
) {
  const rows = await tx.query<{ body: Approval }[]>(
    `select body from approval
     where approval_id > $1 collate "C" and ($2::text is null or state = $2)
       and ($3::text is null or integration_id = $3)
     order by approval_id collate "C" limit $4`,
    [cursor ?? '', state, integrationId, limit + 1],
  );
  return cutPage(
    rows.map(({ body }) => body),
    limit,
    ({ approvalId }) => approvalId,
  );
}

/** Those of an integration that were asked for since an instant. */
export async function approvalsSince(
  tx: EntityManager,
  integrationId: string,
  since: Date,
): Promise<Approval[]> {
  const rows = await tx.query<{ body: Approval }[]>(
    'select body from approval where integration_id = $1 and asked_at > $2',
    [integrationId, since],
  );
  return rows.map(({ body }) => body);
}

/** Those that nobody decided in time while nobody has written it down, at most so many. */
export async function dueToLapse(tx: EntityManager, now: Date, limit: number): Promise<Approval[]> {
  const rows = await tx.query<{ body: Approval }[]>(
    `select body from approval where state = 'pending' and expires_at <= $1 order by expires_at limit $2`,
    [now, limit],
  );
  return rows.map(({ body }) => body);
}

export interface ApprovalChange {
  readonly approvalId: string;
  readonly action: string;
  readonly reason: string | null;
  readonly seenVersion: number | undefined;
  readonly decide: (current: Approval | null) => Approval;
}

/** The caller has locked the integration. @throws Problem 409 naming field and rule */
export function changeApproval(tx: EntityManager, actor: Actor, now: Date, change: ApprovalChange) {
  const { approvalId, decide, ...about } = change;
  return makeChange<Approval>(tx, actor, now, {
    ...about,
    subject: `approval|${approvalId}`,
    // What is only asked for is nobody's business outside; what comes of it is told by the change it makes.
    fact: () => Promise.resolve(),
    load: () => loadApproval(tx, approvalId),
    decide: (current) => refused(() => decide(current)),
    save: saveApproval,
  });
}

async function saveApproval(tx: EntityManager, next: Approval): Promise<void> {
  await tx.query(
    `insert into approval (approval_id, integration_id, state, asked_at, expires_at, body)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (approval_id) do update set state = excluded.state, body = excluded.body`,
    [next.approvalId, next.integrationId, next.state, next.askedAt, next.expiresAt, JSON.stringify(next)],
  );
}
