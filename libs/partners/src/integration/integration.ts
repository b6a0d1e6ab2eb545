/** What may happen to an integration: it is recorded, changes owner, is deactivated and reactivated. */
import { fields, integrationChanged, type Integration } from '@taxameter/contracts';
import { holdFrom, inForceAt } from './history.js';

export const integrationState = integrationChanged.schema.shape.data;

export interface IntegrationWanted {
  readonly integrationId: string;
  readonly name: string;
  readonly kind: Integration['kind'];
  readonly partnerId: string;
  /** The organisation from which the owner follows; undefined: as it is. */
  readonly organizationId?: string | null | undefined;
  /** Since when the partner owns it; undefined: from now on, unless it is the owner already. */
  readonly from: string | undefined;
}

export type StatusWanted = Integration['status'][number];

const isSameOwner = (one: { partnerId: string }, other: { partnerId: string }) =>
  one.partnerId === other.partnerId;
const isSameStatus = (one: StatusWanted, other: StatusWanted) => one.status === other.status;

/** @throws PastWouldChange when an ownership that took effect would be overridden */
export function recordIntegration(
  current: Integration | null,
  wanted: IntegrationWanted,
  now: Date,
): Integration {
  const { integrationId, name, kind, partnerId } = wanted;
  const from = new Date(wanted.from ?? now).toISOString();
  if (!current) {
    return {
      integrationId,
      version: 0,
      name,
      kind,
      organizationId: wanted.organizationId ?? null,
      ownership: [{ partnerId, from }],
      status: [{ status: 'active', from, reason: null }],
    };
  }
  // Without `from`, a caller who repeats the present owner must not cancel a hand-over that is planned.
  const isOwnerAlready = wanted.from === undefined && ownerAt(current, now) === partnerId;
  const ownership = isOwnerAlready
    ? current.ownership
    : [...holdFrom(current.ownership, { partnerId, from }, isSameOwner, now)];
  const organizationId = wanted.organizationId === undefined ? current.organizationId : wanted.organizationId;
  return { ...current, name, kind, organizationId, ownership };
}

/**
 * The integration with a status from an instant on; unchanged when it has that status from then on already.
 * @throws PastWouldChange when a status that took effect would be overridden
 */
export function changeStatus(current: Integration, wanted: StatusWanted, now: Date): Integration {
  return { ...current, status: [...holdFrom(current.status, wanted, isSameStatus, now)] };
}

/**
 * The integration owned by a partner from an instant on, for good.
 * @throws PastWouldChange when an ownership that took effect would be overridden
 */
export function handOver(
  current: Integration,
  owner: Integration['ownership'][number],
  now: Date,
): Integration {
  return { ...current, ownership: [...holdFrom(current.ownership, owner, isSameOwner, now)] };
}

/** The partner that owns an integration at an instant, or null. */
export function ownerAt(integration: Pick<Integration, 'ownership'>, instant: Date): string | null {
  return inForceAt(integration.ownership, instant)?.partnerId ?? null;
}

/** What a partner sees of an integration it owns: not who owned it before or will own it. */
export function asSeenBy(integration: Integration, partnerId: string | null): Integration {
  if (partnerId === null) return integration;
  return {
    ...integration,
    ownership: integration.ownership.filter((owner) => owner.partnerId === partnerId),
  };
}

/** Fields of a command or a seed file that say what an integration is called and of which kind it is. */
export const integrationDetails = {
  name: integrationState.shape.name,
  kind: integrationState.shape.kind.describe('public: offered to all; personal: made for one organisation'),
  partnerId: fields.identifier(64),
};
