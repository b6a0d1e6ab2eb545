import type { Actor } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { DECISION_KINDS, Item } from './checklist.js';

/** What was decided in a review, with the checklist as the person saw it. Rows are only added. */

export interface ReviewDecision {
  readonly decision: (typeof DECISION_KINDS)[number];
  readonly note: string;
  readonly checklist: readonly Item[];
}

export async function keepDecision(
  tx: EntityManager,
  actor: Actor,
  now: Date,
  applicationId: string,
  { decision, note, checklist }: ReviewDecision,
): Promise<void> {
  await tx.query(
    `insert into review_decision (application_id, decision, note, actor_id, at, checklist)
     values ($1, $2, $3, $4, $5, $6)`,
    [applicationId, decision, note, actor.id, now, JSON.stringify(checklist)],
  );
}

export interface KeptDecision extends ReviewDecision {
  readonly actorId: string;
  readonly at: Date;
}

/** Oldest first. */
export function decisionsOf(tx: EntityManager, applicationId: string): Promise<KeptDecision[]> {
  return tx.query<KeptDecision[]>(
    `select decision, note, actor_id as "actorId", at, checklist from review_decision
     where application_id = $1 order by id limit 1000`,
    [applicationId],
  );
}
