import { notFound, type Actor } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';

/** Narrows a partner's question to the integrations that it owns now. */

/** Gives a value to a statement and tells its place in it: `$3`. */
export type Bind = (value: unknown) => string;

export interface Ownership {
  readonly partnerId: string;
  readonly now: Date;
}

/** null: the actor may see all integrations. */
export function ownIntegrations(actor: Actor, now: Date): Ownership | null {
  return actor.role === 'partner' ? { partnerId: actor.partnerId ?? 'none', now } : null;
}

const OWNED_NOW = (partner: string, now: string) =>
  `partner_id = ${partner} and valid_from <= ${now}::timestamptz
   and (valid_to is null or valid_to > ${now}::timestamptz)`;

/** SQL that follows other conditions on a counter table; empty for who may see all. */
export function ownedOnly(mine: Ownership | null, bind: Bind): string {
  if (!mine) return '';
  return `and integration in (
    select integration.id from integration join integration_owner using (integration_id)
    where ${OWNED_NOW(bind(mine.partnerId), bind(mine.now))})`;
}

/** @throws Problem 404: a foreign integration answers like one that does not exist */
export async function refuseForeign(
  tx: EntityManager,
  mine: Ownership,
  integrationId: string,
): Promise<void> {
  const owned = await tx.query<unknown[]>(
    `select from integration_owner where integration_id = $3 and ${OWNED_NOW('$1', '$2')}`,
    [mine.partnerId, mine.now, integrationId],
  );
  if (owned.length === 0) throw notFound(`integration ${integrationId}`);
}
