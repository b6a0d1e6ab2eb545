import { notFound } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { knownAgreements } from '../agreement/agreement.service.js';
import { loadIntegration } from '../integration/integration.service.js';
import { phaseAt, type Surroundings } from './restriction.js';
import type { RestrictionBody } from './restriction-routes.js';
import { openRestrictions } from './restriction.service.js';

/** What a restriction is judged against when it is imposed. @throws Problem 404 when there is no such integration */
export async function surroundings(
  tx: EntityManager,
  { integrationId, organizationIds }: Pick<RestrictionBody, 'integrationId' | 'organizationIds'>,
  now: Date,
): Promise<Surroundings> {
  const integration = await loadIntegration(tx, integrationId);
  if (!integration) throw notFound(`integration ${integrationId}`);
  const open = await openRestrictions(tx, integrationId);
  return {
    integration,
    knownAgreements: await knownAgreements(tx, integrationId, organizationIds),
    others: open.filter((restriction) => phaseAt(restriction, now) !== 'over').length,
  };
}
