/** What a gateway must know of an integration, from what the room knows of it. */
import type { Integration, IntegrationStatus } from '@taxameter/contracts';
import { inForceAt } from '../integration/history.js';
import { phaseAt, type Restriction } from '../restriction/restriction.js';

export type StatusContent = Omit<IntegrationStatus, 'version' | 'revision'>;

/**
 * Status and restrictions that hold at `now` or are planned; what is over is left out, and so are names, evidence and reasons
 * that are not for the gateway.
 */
export function statusContentOf(
  integration: Integration,
  restrictions: readonly Restriction[],
  now: Date,
): StatusContent {
  const present = inForceAt(integration.status, now);
  const status = integration.status
    .filter((entry) => entry === present || Date.parse(entry.from) > now.getTime())
    .map(({ status, from }) => ({ status, from }));
  return {
    integrationId: integration.integrationId,
    status,
    restrictions: restrictions.filter((restriction) => phaseAt(restriction, now) !== 'over').map(termsOf),
  };
}

/** True when there is nothing that a gateway must enforce, now or later. */
export function isFree({ status, restrictions }: StatusContent): boolean {
  return restrictions.length === 0 && status.every((entry) => entry.status === 'active');
}

function termsOf(restriction: Restriction): IntegrationStatus['restrictions'][number] {
  const {
    integrationId: _1,
    version: _2,
    breachId: _3,
    imposedBy: _4,
    ended: _5,
    endedAt: _6,
    approvalId: _7,
    ...terms
  } = restriction;
  return terms;
}
