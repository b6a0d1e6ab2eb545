import { Problem, type Actor } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { lockSubject, makeChange } from '../change/change.service.js';
import { publishStatus } from '../status-feed/publish-status.service.js';
import { RestrictionRefused, type Restriction } from './restriction.js';
import { loadRestriction, saveRestriction } from './restriction.service.js';

/** The one way in which a restriction changes: audited, and in the gateways' feed, in one transaction. */

export interface RestrictionChange {
  readonly restrictionId: string;
  readonly integrationId: string;
  readonly action: string;
  readonly reason: string | null;
  readonly seenVersion: number | undefined;
  readonly decide: (current: Restriction | null) => Restriction;
}

/** @throws Problem 409 or 422 naming field and rule, 409 when the caller saw another version */
export async function changeRestriction(
  tx: EntityManager,
  actor: Actor,
  now: Date,
  change: RestrictionChange,
) {
  const { restrictionId, integrationId, decide, ...about } = change;
  // First the integration, as in its own commands: all that a gateway must know of it changes one after the other.
  await lockIntegration(tx, integrationId);
  return makeChange<Restriction>(tx, actor, now, {
    ...about,
    subject: `restriction|${restrictionId}`,
    fact: async () => {
      await publishStatus(tx, integrationId, now);
    },
    load: () => loadRestriction(tx, restrictionId),
    decide: (current) => refused(() => decide(current)),
    save: saveRestriction,
  });
}

export function lockIntegration(tx: EntityManager, integrationId: string): Promise<void> {
  return lockSubject(tx, `integration|${integrationId}`);
}

/** What a rule refuses, as a problem that names field and rule. */
export function refused<Result>(decide: () => Result): Result {
  try {
    return decide();
  } catch (error) {
    if (!(error instanceof RestrictionRefused)) throw error;
    const { status, code, field, message } = error;
    throw new Problem(status, code, message, { errors: [{ field, reason: message }] });
  }
}
