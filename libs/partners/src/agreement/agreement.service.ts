import { cutPage, type PageWanted } from '@taxameter/platform';
import type { Agreement } from '@taxameter/contracts';
import type { EntityManager } from 'typeorm';

/** Agreements in the database. */

const SELECT = `
  select integration_id as "integrationId", organization_id as "organizationId", version, name, status
  from agreement`;

/**
 * Those that were declared and those that only their calls tell of. Of the latter nobody has said anything yet: version 0, no
 * name.
 */
const KNOWN = `
  from (
    select integration_id, organization_id, version, name, status, 'declared' as origin from agreement
    union all
    select integration_id, organization_id, 0, null, 'active', 'learnt' from observed_agreement as learnt
    where not exists (
      select from agreement
      where integration_id = learnt.integration_id and organization_id = learnt.organization_id)
  ) as known
  left join observed_agreement as seen using (integration_id, organization_id)`;

const SELECT_KNOWN = `
  select integration_id as "integrationId", organization_id as "organizationId", known.version, name, status, origin,
    seen.first_seen_at as "actsSince"
  ${KNOWN}`;

const AFFECTED = `
  ${KNOWN}
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

/** An agreement as it is shown: also one that nobody has declared. */
export interface KnownAgreement extends Agreement {
  readonly origin: 'declared' | 'learnt';
  /** Since when the integration was seen to act for the organisation; null while it was not. */
  readonly actsSince: string | null;
}

type KnownRow = Omit<KnownAgreement, 'actsSince'> & { readonly actsSince: Date | null };

export async function loadKnownAgreement(
  tx: EntityManager,
  integrationId: string,
  organizationId: string,
): Promise<KnownAgreement | null> {
  const [row] = await tx.query<KnownRow[]>(
    `${SELECT_KNOWN} where integration_id = $1 and organization_id = $2`,
    [integrationId, organizationId],
  );
  return row ? toKnown(row) : null;
}

export async function listAgreements(
  tx: EntityManager,
  integrationId: string,
  { limit, cursor }: PageWanted,
) {
  const rows = await tx.query<KnownRow[]>(
    `${SELECT_KNOWN} where integration_id = $1 and organization_id > $2 collate "C"
     order by organization_id collate "C" limit $3`,
    [integrationId, cursor ?? '', limit + 1],
  );
  return cutPage(rows.map(toKnown), limit, (agreement) => agreement.organizationId);
}

/** Which of these organisations the integration is known to act for, or once acted for, declared or only learnt. */
export async function knownAgreements(
  tx: EntityManager,
  integrationId: string,
  organizationIds: readonly string[],
): Promise<Set<string>> {
  const rows = await tx.query<{ organizationId: string }[]>(
    `select organization_id as "organizationId" ${KNOWN} where integration_id = $1 and organization_id = any($2)`,
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
  const [counted] = await tx.query<{ count: number }[]>(`select count(*) as count ${AFFECTED}`, wanted);
  const items = await tx.query<Pick<Agreement, 'organizationId' | 'name'>[]>(
    `select organization_id as "organizationId", name ${AFFECTED}
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

function toKnown(row: KnownRow): KnownAgreement {
  return { ...row, actsSince: row.actsSince?.toISOString() ?? null };
}
