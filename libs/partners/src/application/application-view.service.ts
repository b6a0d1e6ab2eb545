import type { EntityManager } from 'typeorm';
import { ownerAt } from '../integration/integration.js';
import { loadIntegration } from '../integration/integration.service.js';
import { checklistOf } from '../review/checklist.js';
import { loadObserved } from '../review/observed.service.js';
import { decisionsOf, type KeptDecision } from '../review/review-decision.service.js';
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
 * What the applicant and the partner are shown: how the calls look while they are reviewed, and after that what the decision was
 * made on. An integration goes on calling, for its later owners too, and that is none of the applicant's business.
 */
async function reviewForOthers(
  tx: EntityManager,
  application: Application,
  decisions: readonly KeptDecision[],
  now: Date,
) {
  const { state, integrationId, partnerId } = application;
  const integration = integrationId === null ? null : await loadIntegration(tx, integrationId);
  if (state === 'in-review' && integration && ownerAt(integration, now) === partnerId) {
    return reviewOf(tx, application);
  }
  return { checklist: decisions.at(-1)?.checklist ?? [], observedUntil: null };
}

/**
 * Read by somebody who may see all rows: what was seen and the audit are no partner's own.
 * @param isOurs whether one of our own people reads: everybody else sees no names, no reasons written for the audit, and the
 *   calls only while they are reviewed
 */
export async function viewOf(tx: EntityManager, application: Application, isOurs: boolean, now: Date) {
  const decisions = await decisionsOf(tx, application.applicationId);
  const steps = await stepsOf(tx, application.applicationId);
  return {
    ...application,
    ...(await (isOurs ? reviewOf(tx, application) : reviewForOthers(tx, application, decisions, now))),
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
