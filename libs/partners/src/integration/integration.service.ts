import { cutPage, type PageWanted } from '@taxameter/platform';
import type { Integration } from '@taxameter/contracts';
import type { EntityManager } from 'typeorm';

/** Integrations in the database, with their histories. */

const INSTANT = `to_char(effective_from at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const SELECT = `
  select integration_id as "integrationId", version, name, kind, organization_id as "organizationId",
    (select json_agg(json_build_object('partnerId', partner_id, 'from', ${INSTANT})
       order by effective_from, id)
     from integration_owner where integration_id = integration.integration_id) as ownership,
    (select json_agg(json_build_object('status', status, 'from', ${INSTANT}, 'reason', reason)
       order by effective_from, id)
     from integration_status where integration_id = integration.integration_id) as status
  from integration`;

/** $2: the instant at which the owner counts. */
const OWNER = `
  (select partner_id from integration_owner
   where integration_id = integration.integration_id and effective_from <= $2
   order by effective_from desc, id desc limit 1)`;

export async function loadIntegration(tx: EntityManager, integrationId: string): Promise<Integration | null> {
  const [integration] = await tx.query<Integration[]>(`${SELECT} where integration_id = $1`, [integrationId]);
  return integration ?? null;
}

/** Integrations by id; with `ownerId` only those that this partner owns at `now`. */
export async function listIntegrations(
  tx: EntityManager,
  { limit, cursor, ownerId }: PageWanted & { readonly ownerId: string | null },
  now: Date,
) {
  const rows = await tx.query<Integration[]>(
    `${SELECT} where integration_id > $1 collate "C" and ($3::text is null or ${OWNER} = $3)
     order by integration_id collate "C" limit $4`,
    [cursor ?? '', now, ownerId, limit + 1],
  );
  return cutPage(rows, limit, (integration) => integration.integrationId);
}

/** Personal integrations that were made for an organisation, by id. */
export async function integrationsOfOrganization(
  tx: EntityManager,
  organizationId: string,
): Promise<string[]> {
  const rows = await tx.query<{ integrationId: string }[]>(
    `select integration_id as "integrationId" from integration where organization_id = $1
     order by integration_id collate "C"`,
    [organizationId],
  );
  return rows.map(({ integrationId }) => integrationId);
}

/** Writes name, kind and organisation, and those entries of the histories that were not there before. */
export async function saveIntegration(
  tx: EntityManager,
  next: Integration,
  current: Integration | null,
): Promise<void> {
  await tx.query(
    `insert into integration (integration_id, version, name, kind, organization_id) values ($1, $2, $3, $4, $5)
     on conflict (integration_id) do update set
       version = excluded.version, name = excluded.name, kind = excluded.kind,
       organization_id = excluded.organization_id`,
    [next.integrationId, next.version, next.name, next.kind, next.organizationId ?? null],
  );
  for (const owner of newEntries(next.ownership, current?.ownership)) {
    await tx.query(
      'insert into integration_owner (integration_id, partner_id, effective_from) values ($1, $2, $3)',
      [next.integrationId, owner.partnerId, owner.from],
    );
  }
  for (const entry of newEntries(next.status, current?.status)) {
    await tx.query(
      `insert into integration_status (integration_id, status, effective_from, reason)
       values ($1, $2, $3, $4)`,
      [next.integrationId, entry.status, entry.from, entry.reason],
    );
  }
}

/** Entries are compared as things, not by content: a history keeps those it had and adds others. */
function newEntries<Entry>(next: readonly Entry[], current: readonly Entry[] = []): readonly Entry[] {
  const known = new Set(current);
  return next.filter((entry) => !known.has(entry));
}
