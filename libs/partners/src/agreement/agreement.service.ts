import { cutPage, type PageWanted } from '@taxameter/platform';
import type { Agreement } from '@taxameter/contracts';
import type { EntityManager } from 'typeorm';

/** Agreements in the database. */

const SELECT = `
  select integration_id as "integrationId", organization_id as "organizationId", version, name, status
  from agreement`;

export async function loadAgreement(
  tx: EntityManager,
  integrationId: string,
  organizationId: string,
): Promise<Agreement | null> {
  const [agreement] = await tx.query<Agreement[]>(
    `${SELECT} where integration_id = $1 and organization_id = $2`,
    [integrationId, organizationId],
  );
  return agreement ?? null;
}

export async function listAgreements(
  tx: EntityManager,
  integrationId: string,
  { limit, cursor }: PageWanted,
) {
  const rows = await tx.query<Agreement[]>(
    `${SELECT} where integration_id = $1 and organization_id > $2 collate "C"
     order by organization_id collate "C" limit $3`,
    [integrationId, cursor ?? '', limit + 1],
  );
  return cutPage(rows, limit, (agreement) => agreement.organizationId);
}

export async function saveAgreement(tx: EntityManager, agreement: Agreement): Promise<void> {
  const { integrationId, organizationId, version, name, status } = agreement;
  await tx.query(
    `insert into agreement (integration_id, organization_id, version, name, status)
     values ($1, $2, $3, $4, $5)
     on conflict (integration_id, organization_id) do update set
       version = excluded.version, name = excluded.name, status = excluded.status`,
    [integrationId, organizationId, version, name, status],
  );
}
