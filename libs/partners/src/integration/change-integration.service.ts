import { integrationChanged, type Integration } from '@taxameter/contracts';
import { Problem, notFound, type Actor } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { makeChange } from '../change/change.service.js';
import { publishStatus } from '../status-feed/publish-status.service.js';
import { PastWouldChange } from './history.js';
import { changeStatus, type StatusWanted } from './integration.js';
import { loadIntegration, saveIntegration } from './integration.service.js';

/** The one way in which an integration changes: audited, published, and in the gateways' feed, in one transaction. */

export interface IntegrationChange {
  readonly integrationId: string;
  readonly action: string;
  readonly reason: string | null;
  readonly seenVersion: number | undefined;
  readonly decide: (current: Integration | null) => Integration;
}

/** @throws Problem 409 when the past would change or the caller saw another version, 422 for an owner that does not exist */
export async function changeIntegration(
  tx: EntityManager,
  actor: Actor,
  now: Date,
  { integrationId, decide, ...about }: IntegrationChange,
) {
  const made = await makeChange(tx, actor, now, {
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

/** Deactivates or reactivates. @throws Problem 404, and as `changeIntegration` */
export function changeStatusOf(
  tx: EntityManager,
  actor: Actor,
  now: Date,
  integrationId: string,
  wanted: StatusWanted,
  seenVersion: number | undefined,
) {
  return changeIntegration(tx, actor, now, {
    integrationId,
    action: wanted.status === 'active' ? 'integration_reactivated' : 'integration_deactivated',
    reason: wanted.reason,
    seenVersion,
    decide: (current) => {
      if (!current) throw notFound(`integration ${integrationId}`);
      return changeStatus(current, wanted, now);
    },
  });
}

/** What the rule of the past refuses, as a problem. */
export function refusePast<Result>(decide: () => Result): Result {
  try {
    return decide();
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
