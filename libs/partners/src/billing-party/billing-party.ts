/** Who pays for an organisation, since when; and what follows for a personal integration that was made for it. */
import type { Integration } from '@taxameter/contracts';
import { holdFrom, inForceAt } from '../integration/history.js';

export type Payer = Integration['ownership'][number];

export interface Organization {
  readonly organizationId: string;
  readonly version: number;
  /** In order of `from`. */
  readonly payers: readonly Payer[];
}

/** @throws PastWouldChange when a payer who took effect would be overridden */
export function payFrom(current: Organization, payer: Payer, now: Date): Organization {
  const isSame = (one: Payer, other: Payer) => one.partnerId === other.partnerId;
  return { ...current, payers: holdFrom(current.payers, payer, isSame, now) };
}

/** The owners that a personal integration of the organisation has from an instant on; empty when nobody pays at that instant. */
export function payersFrom({ payers }: Organization, from: Date): readonly Payer[] {
  const present = inForceAt(payers, from);
  if (!present) return [];
  const later = payers.filter((payer) => Date.parse(payer.from) > from.getTime());
  return [{ partnerId: present.partnerId, from: from.toISOString() }, ...later];
}
