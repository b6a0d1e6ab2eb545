import { cutPage, type PageWanted } from '@taxameter/platform';
import type { Agreement } from '@taxameter/contracts';
import type { EntityManager } from 'typeorm';

/** Agreements in the database. */

const SELECT = `
  select integration_id as "integrationId", organization_id as "organizationId", version, name, status
  from agreement`;

const AFFECTED = `
  where integration_id = $1 and status = 'active' and ($2::text[] is null or organization_id = any($2))`;

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

/** Which of these organisations the integration is known to act for, or once acted for. */
export async function knownAgreements(
  tx: EntityManager,
  integrationId: string,
  organizationIds: readonly string[],
): Promise<Set<string>> {
  const rows = await tx.query<{ organizationId: string }[]>(
    `${SELECT} where integration_id = $1 and organization_id = any($2)`,
    [integrationId, organizationIds],
  );
  return new Set(rows.map(({ organizationId }) => organizationId));
}

/** Active agreements among these organisations (null: all of the integration): how many, and the first of them. */
export async function affectedAgreements(
  tx: EntityManager,
  integrationId: string,
  organizationIds: readonly string[] | null,
  limit: number,
) {
  const wanted = [integrationId, organizationIds];
  const [counted] = await tx.query<{ count: number }[]>(
    `select count(*) as count from agreement ${AFFECTED}`,
    wanted,
  );
  const items = await tx.query<Pick<Agreement, 'organizationId' | 'name'>[]>(
    `select organization_id as "organizationId", name from agreement ${AFFECTED}
     order by organization_id collate "C" limit $3`,
    [...wanted, limit],
  );
  return { count: counted?.count ?? 0, items };
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
