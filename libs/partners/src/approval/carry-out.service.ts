import { notFound, type Actor } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { changeStatusOf, refusePast, withStatus } from '../integration/change-integration.service.js';
import type { StatusWanted } from '../integration/integration.js';
import { loadIntegration } from '../integration/integration.service.js';
import { changeRestriction, refused } from '../restriction/change-restriction.service.js';
import { correct, impose, lift, phaseAt, type Restriction } from '../restriction/restriction.js';
import type { RestrictionBody } from '../restriction/restriction-routes.js';
import { loadRestriction } from '../restriction/restriction.service.js';
import { surroundings } from '../restriction/surroundings.service.js';
import { isTemporary, temporaryEnd, type Approval } from './approval.js';

/** Does what was asked for, by the same rules and through the same doors as the command of one person. */

type RestrictionAsked = Omit<RestrictionBody, 'integrationId'>;

/**
 * When it is asked for: a temporary block begins, and anything else that could not be done now is refused.
 * @throws Problem 404, 409 or 422 naming field and rule
 */
export async function begin(
  tx: EntityManager,
  actor: Actor,
  now: Date,
  approval: Approval,
  temporaryHours: number,
): Promise<void> {
  const { request, integrationId } = approval;
  if (request.kind === 'restriction') {
    if (!isTemporary(request)) {
      const decide = await imposing(tx, approval, request.restriction, now);
      refused(decide);
      return;
    }
    const until = temporaryEnd(request.restriction.until, temporaryHours, now);
    await imposeNow(tx, actor, approval, { ...request.restriction, until }, now);
  } else if (request.kind === 'extension') {
    const current = await restrictionOf(tx, request.restrictionId, integrationId);
    refused(() => correct(current, { until: request.until }, now));
  } else {
    const integration = await loadIntegration(tx, integrationId);
    if (!integration) throw notFound(`integration ${integrationId}`);
    await refusePast(() => withStatus(tx, integration, statusWanted(approval, now), now));
  }
}

/** When it is approved. @throws Problem 404, 409 or 422 when the present state forbids it by now */
export async function carryOut(
  tx: EntityManager,
  actor: Actor,
  now: Date,
  approval: Approval,
): Promise<void> {
  const { request, integrationId } = approval;
  if (request.kind === 'restriction' && !isTemporary(request)) {
    await imposeNow(tx, actor, approval, request.restriction, now);
  } else if (request.kind === 'restriction') {
    await extend(tx, actor, approval, request.restriction.until, now);
  } else if (request.kind === 'extension') {
    await extend(tx, actor, approval, request.until, now);
  } else {
    await changeStatusOf(tx, actor, now, integrationId, statusWanted(approval, now), undefined);
  }
}

/** When it is declined: a temporary block ends now. */
export async function callOff(tx: EntityManager, actor: Actor, now: Date, approval: Approval): Promise<void> {
  if (!isTemporary(approval.request)) return;
  const { integrationId } = approval;
  const current = await restrictionOf(tx, approval.restrictionId!, integrationId);
  if (phaseAt(current, now) === 'over') return;
  await changeRestriction(tx, actor, now, {
    restrictionId: current.restrictionId,
    integrationId,
    action: 'restriction_lifted',
    reason: approval.decisionReason,
    seenVersion: undefined,
    decide: (restriction) => lift(restriction ?? current, now),
  });
}

async function imposing(tx: EntityManager, approval: Approval, asked: RestrictionAsked, now: Date) {
  const { integrationId, approvalId, askedBy: imposedBy, restrictionId } = approval;
  const wanted = { ...asked, integrationId };
  const around = await surroundings(tx, wanted, now);
  // A beginning that has passed while it waited is now.
  const isPast = wanted.from !== undefined && Date.parse(approval.askedAt) < now.getTime();
  const from = isPast && Date.parse(wanted.from!) < now.getTime() ? undefined : wanted.from;
  return (): Restriction =>
    impose({ ...wanted, from, restrictionId: restrictionId!, imposedBy, approvalId }, around, now);
}

async function imposeNow(
  tx: EntityManager,
  actor: Actor,
  approval: Approval,
  asked: RestrictionAsked,
  now: Date,
): Promise<void> {
  const decide = await imposing(tx, approval, asked, now);
  await changeRestriction(tx, actor, now, {
    restrictionId: approval.restrictionId!,
    integrationId: approval.integrationId,
    action: 'restriction_imposed',
    reason: approval.reason,
    seenVersion: 0,
    decide,
  });
}

async function extend(
  tx: EntityManager,
  actor: Actor,
  approval: Approval,
  until: string | null,
  now: Date,
): Promise<void> {
  const { integrationId, approvalId } = approval;
  const found = await restrictionOf(tx, approval.restrictionId!, integrationId);
  await changeRestriction(tx, actor, now, {
    restrictionId: found.restrictionId,
    integrationId,
    action: 'restriction_changed',
    reason: approval.reason,
    seenVersion: undefined,
    decide: (current) => ({ ...correct(current ?? found, { until }, now), approvalId }),
  });
}

async function restrictionOf(
  tx: EntityManager,
  restrictionId: string,
  integrationId: string,
): Promise<Restriction> {
  const found = await loadRestriction(tx, restrictionId);
  if (found?.integrationId !== integrationId) {
    throw notFound(`restriction ${restrictionId} of integration ${integrationId}`);
  }
  return found;
}

function statusWanted({ request, reason }: Approval, now: Date): StatusWanted {
  if (request.kind !== 'deactivation') return { status: 'active', from: now.toISOString(), reason };
  const fromMs = request.from === undefined ? now.getTime() : Date.parse(request.from);
  return { status: 'deactivated', from: new Date(Math.max(fromMs, now.getTime())).toISOString(), reason };
}
