import type { IntegrationObserved } from '@taxameter/contracts';
import { cutPage, type PageWanted } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { Organization } from './billing-party.js';

/** Organisations and who pays for them, and the integrations for which nobody does. */

export async function loadOrganization(
  tx: EntityManager,
  organizationId: string,
): Promise<Organization | null> {
  const [row] = await tx.query<Organization[]>(
    `select organization_id as "organizationId", version,
       (select json_agg(json_build_object('partnerId', partner_id,
          'from', to_char(effective_from at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
          order by effective_from, id)
        from organization_payer where organization_id = organization.organization_id) as payers
     from organization where organization_id = $1`,
    [organizationId],
  );
  return row ?? null;
}

export async function saveOrganization(
  tx: EntityManager,
  next: Organization,
  current: Organization | null,
): Promise<void> {
  await tx.query(
    `insert into organization (organization_id, version) values ($1, $2)
     on conflict (organization_id) do update set version = excluded.version`,
    [next.organizationId, next.version],
  );
  // A history keeps the entries it had, as things, and adds others.
  const known = new Set(current?.payers);
  for (const payer of next.payers.filter((entry) => !known.has(entry))) {
    await tx.query(
      'insert into organization_payer (organization_id, partner_id, effective_from) values ($1, $2, $3)',
      [next.organizationId, payer.partnerId, payer.from],
    );
  }
}

export interface Unassigned {
  readonly integrationId: string;
  readonly kind: IntegrationObserved['kind'];
  readonly calls: number;
  readonly smsCalls: number;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  /** The first ten organisations for which it was seen to act. */
  readonly organizationIds: readonly string[];
}

/** Integrations that call the API and that nobody has recorded, by id. Their SMS have no billing party. */
export async function listUnassigned(tx: EntityManager, { limit, cursor }: PageWanted) {
  const rows = await tx.query<Unassigned[]>(
    `select integration_id as "integrationId", observed ->> 'kind' as kind, (observed ->> 'calls')::bigint as calls,
       (observed ->> 'smsCalls')::bigint as "smsCalls", observed ->> 'firstSeenAt' as "firstSeenAt",
       observed ->> 'lastSeenAt' as "lastSeenAt",
       array(select organization_id from observed_agreement
             where integration_id = seen.integration_id order by organization_id collate "C" limit 10)
         as "organizationIds"
     from observed_integration as seen
     where integration_id > $1 collate "C"
       and not exists (select from integration where integration_id = seen.integration_id)
     order by integration_id collate "C" limit $2`,
    [cursor ?? '', limit + 1],
  );
  return cutPage(rows, limit, ({ integrationId }) => integrationId);
}
