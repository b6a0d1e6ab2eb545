import { partnerChanged, type Integration } from '@taxameter/contracts';
import { Problem, notFound, type Actor } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { lockSubject, makeChange } from '../change/change.service.js';
import { changeIntegration } from '../integration/change-integration.service.js';
import { changeStatus, ownerAt, recordIntegration } from '../integration/integration.js';
import { loadIntegration } from '../integration/integration.service.js';
import { refusedMove } from '../life-cycle/life-cycle.service.js';
import { partnerDetails } from '../partner/partner.js';
import { loadPartner, savePartner } from '../partner/partner.service.js';
import { z } from 'zod';
import {
  accept,
  changeWishes,
  decide,
  withoutWords,
  type Application,
  type ChangedWishes,
} from './application.js';
import { loadApplication, saveApplication } from './application.service.js';

/** The one way in which an application changes, and what follows from it: a partner, an integration, its end. */

export interface ApplicationChange {
  readonly applicationId: string;
  readonly action: string;
  readonly reason: string | null;
  readonly seenVersion: number | undefined;
  readonly decide: (current: Application | null) => Application;
}

/** @throws Problem 409 for a move that the table does not allow, or when the caller saw another version */
export async function changeApplication(
  tx: EntityManager,
  actor: Actor,
  now: Date,
  change: ApplicationChange,
) {
  const { applicationId, decide, ...about } = change;
  return makeChange<Application>(tx, actor, now, {
    ...about,
    subject: `application|${applicationId}`,
    // No other room acts on an application: what follows from one is told by the partner's and the integration's facts.
    fact: () => Promise.resolve(),
    load: () => loadApplication(tx, applicationId),
    decide: (current) => refusedMove(() => decide(current)),
    save: saveApplication,
    audited: withoutWords,
  });
}

export interface Correction {
  readonly applicationId: string;
  readonly changed: ChangedWishes;
  readonly seenVersion: number | undefined;
}

/**
 * Who applied changes what it wants.
 * @throws Problem 409 also when the integration was handed over: its new owner's review is not for the old one to answer
 */
export async function correctApplication(tx: EntityManager, actor: Actor, now: Date, correction: Correction) {
  const { applicationId, changed, seenVersion } = correction;
  await lockIntegrationOf(tx, applicationId);
  const { state } = await changeApplication(tx, actor, now, {
    applicationId,
    action: 'application_changed',
    reason: null,
    seenVersion,
    decide: (current) => changeWishes(existing(current, applicationId), changed),
  });
  const integration = state.integrationId === null ? null : await loadIntegration(tx, state.integrationId);
  if (integration && ownerAt(integration, now) !== state.partnerId) {
    throw handedOver(integration.integrationId);
  }
  return state;
}

/** @throws Problem 404 */
export function existing(current: Application | null, applicationId: string): Application {
  if (!current) throw notFound(`application ${applicationId}`);
  return current;
}

export interface Acceptance {
  readonly applicationId: string;
  readonly integrationId: string;
  readonly kind: Integration['kind'];
  /** The partner that it becomes; one that does not exist yet is created from the application. */
  readonly partnerId: string;
  readonly isNewPartner: boolean;
  readonly reason: string | null;
  readonly seenVersion: number | undefined;
}

/**
 * The review begins: the partner, where it is new, and the integration come to be in the transaction of the application. The
 * integration may call from now on, since there is nothing to review otherwise.
 * @throws Problem 409 also when there is such an integration already, 422 for a partner that does not exist
 */
export async function acceptApplication(tx: EntityManager, actor: Actor, now: Date, given: Acceptance) {
  const { applicationId, integrationId, kind, partnerId, isNewPartner, reason, seenVersion } = given;
  await lockSubject(tx, `integration|${integrationId}`);
  if (await loadIntegration(tx, integrationId)) throw integrationExists(integrationId);
  const { state } = await changeApplication(tx, actor, now, {
    applicationId,
    action: 'application_accepted',
    reason,
    seenVersion,
    decide: (current) => accept(existing(current, applicationId), { partnerId, integrationId }),
  });
  if (isNewPartner) await createPartner(tx, actor, now, state);
  await changeIntegration(tx, actor, now, {
    integrationId,
    action: 'integration_changed',
    reason: `application ${applicationId}`,
    seenVersion: undefined,
    decide: () => {
      const name = state.details.integrationName;
      return recordIntegration(null, { integrationId, name, kind, partnerId, from: undefined }, now);
    },
  });
  return state;
}

function integrationExists(integrationId: string): Problem {
  const reason = `there is an integration ${integrationId} already`;
  return new Problem(409, 'integration-exists', reason, { errors: [{ field: 'integrationId', reason }] });
}

async function createPartner(tx: EntityManager, actor: Actor, now: Date, application: Application) {
  const { partnerId, applicationId, details } = application;
  if (partnerId === null) throw new Error(`${applicationId} has no partner`);
  // Whatever else master data has is not known yet; an invoice waits until somebody has filled it in.
  const known = z.strictObject(partnerDetails).parse(details.applicant);
  await makeChange(tx, actor, now, {
    subject: `partner|${partnerId}`,
    fact: partnerChanged.schema.shape.type.value,
    action: 'partner_changed',
    reason: `application ${applicationId}`,
    seenVersion: 0,
    load: () => loadPartner(tx, partnerId),
    decide: () => ({ partnerId, version: 0, ...known }),
    save: savePartner,
  });
}

export interface Ending {
  readonly applicationId: string;
  readonly move: 'reject' | 'withdraw';
  /** To the applicant. */
  readonly note: string | null;
  readonly reason: string;
  readonly seenVersion: number | undefined;
}

/**
 * Ends an application that was not approved; an integration that only existed for it calls no more.
 * @throws Problem 409 also for withdrawing when the integration was handed over
 */
export async function endApplication(tx: EntityManager, actor: Actor, now: Date, ending: Ending) {
  const { applicationId, move, note, reason, seenVersion } = ending;
  await lockIntegrationOf(tx, applicationId);
  const { state } = await changeApplication(tx, actor, now, {
    applicationId,
    action: move === 'reject' ? 'application_rejected' : 'application_withdrawn',
    reason,
    seenVersion,
    decide: (current) => decide(existing(current, applicationId), move, note, now),
  });
  if (state.kind === 'new' && state.integrationId !== null) {
    const { integrationId } = state;
    await changeIntegration(tx, actor, now, {
      integrationId,
      action: 'integration_deactivated',
      reason,
      seenVersion: undefined,
      decide: (current) => {
        if (!current) throw new Error(`${applicationId} has no integration ${integrationId}`);
        if (move === 'withdraw' && ownerAt(current, now) !== state.partnerId) throw handedOver(integrationId);
        return changeStatus(current, { status: 'deactivated', from: now.toISOString(), reason }, now);
      },
    });
  }
  return state;
}

/** Who applied must not speak for somebody else, nor stop its calls. */
function handedOver(integrationId: string): Problem {
  const reason = `${integrationId} belongs to another partner by now: ops decide on the application`;
  return new Problem(409, 'integration-handed-over', reason, {
    errors: [{ field: 'applicationId', reason }],
  });
}

/** First the integration, then the application, as when a review begins: else two commands could wait for each other. */
async function lockIntegrationOf(tx: EntityManager, applicationId: string): Promise<void> {
  const integrationId = (await loadApplication(tx, applicationId))?.integrationId;
  if (integrationId != null) await lockSubject(tx, `integration|${integrationId}`);
}
