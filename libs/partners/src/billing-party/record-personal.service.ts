import type { Integration } from '@taxameter/contracts';
import { Problem } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { handOver, recordIntegration, type IntegrationWanted } from '../integration/integration.js';
import { payersFrom } from './billing-party.js';
import { loadOrganization } from './billing-party.service.js';

/**
 * A personal integration whose owners are those who pay for its organisation, from an instant on.
 * @throws Problem 422 when nobody pays for the organisation at that instant
 */
export async function recordPersonal(
  tx: EntityManager,
  current: Integration | null,
  wanted: Omit<IntegrationWanted, 'partnerId' | 'organizationId'> & { readonly organizationId: string },
  now: Date,
): Promise<Integration> {
  const { organizationId } = wanted;
  const organization = await loadOrganization(tx, organizationId);
  const from = wanted.from === undefined ? now : new Date(wanted.from);
  const [first, ...later] = organization ? payersFrom(organization, from) : [];
  if (!first) {
    const reason = `nobody pays for organisation ${organizationId} at ${from.toISOString()}: say who does`;
    throw new Problem(422, 'no-billing-party', reason, { errors: [{ field: 'organizationId', reason }] });
  }
  const recorded = recordIntegration(current, { ...wanted, partnerId: first.partnerId }, now);
  return later.reduce((integration, payer) => handOver(integration, payer, now), recorded);
}
