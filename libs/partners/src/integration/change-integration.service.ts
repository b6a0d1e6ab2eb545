import { integrationChanged, type Integration } from '@taxameter/contracts';
import { notFound, Problem, type Actor } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { makeChange, type Made } from '../change/change.service.js';
import { moveOrRefuse, standingOf } from '../life-cycle/life-cycle.service.js';
import { publishStatus } from '../status-feed/publish-status.service.js';
import { inForceAt, PastWouldChange } from './history.js';
import { changeStatus, type StatusWanted } from './integration.js';
import { loadIntegration, saveIntegration } from './integration.service.js';

/** The one way in which an integration changes: audited, published, and in the gateways' feed, in one transaction. */

export interface IntegrationChange {
  readonly integrationId: string;
  readonly action: string;
  readonly reason: string | null;
  readonly seenVersion: number | undefined;
  readonly decide: (current: Integration | null) => Integration | Promise<Integration>;
}

/** @throws Problem 409 when what took effect would change, or the caller saw another version; 422 for an unknown owner */
export async function changeIntegration(
  tx: EntityManager,
  actor: Actor,
  now: Date,
  { integrationId, decide, ...about }: IntegrationChange,
): Promise<Made<Integration>> {
  const made = await makeChange<Integration>(tx, actor, now, {
    ...about,
    subject: `integration|${integrationId}`,
    fact: integrationChanged.schema.shape.type.value,
    load: () => loadIntegration(tx, integrationId),
    decide: (current) => refusePast(() => decide(current)),
    save: async (_tx, next, current) => {
      await refuseUnknownOwners(tx, next);
      await saveIntegration(tx, next, current);
    },
  });
  if (made.changed) await publishStatus(tx, integrationId, now);
  return made;
}

/** Deactivates or reactivates. @throws Problem 404, 409 for a move that the life cycle does not have, and as `changeIntegration` */
export function changeStatusOf(
  tx: EntityManager,
  actor: Actor,
  now: Date,
  integrationId: string,
  wanted: StatusWanted,
  seenVersion: number | undefined,
): Promise<Made<Integration>> {
  return changeIntegration(tx, actor, now, {
    integrationId,
    action: wanted.status === 'active' ? 'integration_reactivated' : 'integration_deactivated',
    reason: wanted.reason,
    seenVersion,
    decide: async (current) => {
      if (!current) throw notFound(`integration ${integrationId}`);
      return withStatus(tx, current, wanted, now);
    },
  });
}

/**
 * The integration deactivated or reactivated, not saved.
 * @throws Problem 409 for a move that the life cycle does not have
 * @throws PastWouldChange when a status that took effect would be overridden
 */
export async function withStatus(
  tx: EntityManager,
  current: Integration,
  wanted: StatusWanted,
  now: Date,
): Promise<Integration> {
  // What has the status already is not moved: a command that is repeated, or that cancels what is only planned.
  if (inForceAt(current.status, now)?.status !== wanted.status) {
    const move = wanted.status === 'active' ? 'reinstate' : 'deactivate';
    moveOrRefuse(await standingOf(tx, current, now), move);
  }
  return changeStatus(current, wanted, now);
}

/** What history does not allow, as a problem 409. */
export async function refusePast<Result>(decide: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await decide();
  } catch (error) {
    if (error instanceof PastWouldChange) throw new Problem(409, 'past-would-change', error.message);
    throw error;
  }
}

async function refuseUnknownOwners(tx: EntityManager, integration: Integration): Promise<void> {
  const ids = [...new Set(integration.ownership.map((owner) => owner.partnerId))];
  const known = await tx.query<{ partner_id: string }[]>(
    'select partner_id from partner where partner_id = any($1)',
    [ids],
  );
  const unknown = ids.filter((id) => !known.some((row) => row.partner_id === id));
  if (unknown.length === 0) return;
  throw new Problem(422, 'unknown-partner', `there is no partner ${unknown.join(', ')}: create it first`);
}
