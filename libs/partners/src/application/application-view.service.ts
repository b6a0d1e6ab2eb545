import type { EntityManager } from 'typeorm';
import { checklistOf } from '../review/checklist.js';
import { loadObserved } from '../review/observed.service.js';
import { decisionsOf } from '../review/review-decision.service.js';
import { describeApplicationStep } from './describe-step.js';
import type { Application } from './application.js';

/** An application with all that belongs to it. */

/** The checklist as the calls show it now; empty until there is an integration that could call. */
export async function reviewOf(tx: EntityManager, { integrationId, details }: Application) {
  const observed = integrationId === null ? null : await loadObserved(tx, integrationId);
  return {
    checklist: integrationId === null ? [] : checklistOf(details, observed),
    observedUntil: observed?.lastSeenAt ?? null,
  };
}

/**
 * Read by somebody who may see all rows: what was seen and the audit are no partner's own.
 * @param isOurs whether one of our own people reads: everybody else sees no names and no reasons written for the audit
 */
export async function viewOf(tx: EntityManager, application: Application, isOurs: boolean) {
  const decisions = await decisionsOf(tx, application.applicationId);
  const steps = await stepsOf(tx, application.applicationId);
  return {
    ...application,
    ...(await reviewOf(tx, application)),
    decisions: decisions.map(({ actorId, at, ...decision }) => ({
      ...decision,
      at: at.toISOString(),
      actorId: isOurs ? actorId : null,
    })),
    steps: steps.map(({ at, action, actorId, actorRole, reason }) => ({
      at: at.toISOString(),
      action,
      text: describeApplicationStep(action, application.kind),
      actor: { id: isOurs ? actorId : null, role: actorRole },
      reason: isOurs ? reason : null,
    })),
  };
}

interface StepRow {
  readonly at: Date;
  readonly action: string;
  readonly actorId: string;
  readonly actorRole: string;
  readonly reason: string | null;
}

function stepsOf(tx: EntityManager, applicationId: string): Promise<StepRow[]> {
  return tx.query<StepRow[]>(
    `select at, action, actor_id as "actorId", actor_role as "actorRole", reason from audit_entry
     where subject = 'application|' || $1 order by id limit 1000`,
    [applicationId],
  );
}
