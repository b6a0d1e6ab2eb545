import { cutPage, type PageWanted } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { Restriction } from './restriction.js';

/** Restrictions in the database. Rows are never deleted. */

const SELECT = `
  select restriction_id as "restrictionId", integration_id as "integrationId", version, scope,
    organization_ids as "organizationIds", mode, limit_per_minute as "limitPerMinute", capability,
    reason_code as "reasonCode", clause, breach_id as "breachId", note, end_condition as "endCondition",
    imposed_by as "imposedBy", approval_id as "approvalId", effective_from as "from", effective_until as "until", ended, ended_at as "endedAt"
  from restriction`;

/** $1: the partner that asks, or null; $2: now. What ended before it came to own the integration is its predecessor's. */
const VISIBLE = `
  ($1::text is null or exists (
    select from (
      select partner_id, effective_from from integration_owner
      where integration_id = restriction.integration_id and effective_from <= $2
      order by effective_from desc, id desc limit 1) as owner
    where owner.partner_id = $1
      and coalesce(ended_at, effective_until, 'infinity') > owner.effective_from))`;

type Row = Omit<Restriction, 'from' | 'until' | 'endedAt'> & {
  readonly from: Date;
  readonly until: Date | null;
  readonly endedAt: Date | null;
};

export async function loadRestriction(tx: EntityManager, restrictionId: string): Promise<Restriction | null> {
  const [row] = await tx.query<Row[]>(`${SELECT} where restriction_id = $1`, [restrictionId]);
  return row ? toRestriction(row) : null;
}

/** The restriction where a partner may see it, which is as in its list; null elsewhere. Who is no partner sees all. */
export async function visibleRestriction(
  tx: EntityManager,
  restrictionId: string,
  partnerId: string | null,
  now: Date,
): Promise<Restriction | null> {
  const [row] = await tx.query<Row[]>(`${SELECT} where ${VISIBLE} and restriction_id = $3`, [
    partnerId,
    now,
    restrictionId,
  ]);
  return row ? toRestriction(row) : null;
}

/** Those of an integration whose end is not written down yet, oldest first. */
export async function openRestrictions(tx: EntityManager, integrationId: string): Promise<Restriction[]> {
  const rows = await tx.query<Row[]>(
    `${SELECT} where integration_id = $1 and ended is null order by restriction_id collate "C"`,
    [integrationId],
  );
  return rows.map(toRestriction);
}

/** Those that are past their end while nobody has written it down, at most so many. */
export async function dueToExpire(tx: EntityManager, now: Date, limit: number): Promise<Restriction[]> {
  const rows = await tx.query<Row[]>(
    `${SELECT} where ended is null and effective_until <= $1 order by effective_until limit $2`,
    [now, limit],
  );
  return rows.map(toRestriction);
}

export interface RestrictionsWanted extends PageWanted {
  readonly integrationId: string | null;
  /** Only those that bind at this instant. */
  readonly activeAt: Date | null;
  /** Only what this partner may see. */
  readonly partnerId: string | null;
}

/** Restrictions by id: those of an earlier millisecond first. */
export async function listRestrictions(tx: EntityManager, wanted: RestrictionsWanted, now: Date) {
  const { limit, cursor, integrationId, activeAt, partnerId } = wanted;
  const rows = await tx.query<Row[]>(
    `${SELECT} where ${VISIBLE} and restriction_id > $3 collate "C"
       and ($4::text is null or integration_id = $4)
       and ($5::timestamptz is null or (effective_from <= $5
            and coalesce(effective_until, 'infinity') > $5 and coalesce(ended_at, 'infinity') > $5))
     order by restriction_id collate "C" limit $6`,
    [partnerId, now, cursor ?? '', integrationId, activeAt, limit + 1],
  );
  return cutPage(rows.map(toRestriction), limit, ({ restrictionId }) => restrictionId);
}

export async function saveRestriction(tx: EntityManager, next: Restriction): Promise<void> {
  await tx.query(
    `insert into restriction (restriction_id, integration_id, version, scope, organization_ids, mode,
       limit_per_minute, capability, reason_code, clause, breach_id, note, end_condition, imposed_by,
       effective_from, effective_until, ended, ended_at, approval_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
     on conflict (restriction_id) do update set
       version = excluded.version, approval_id = excluded.approval_id, limit_per_minute = excluded.limit_per_minute,
       effective_until = excluded.effective_until, ended = excluded.ended, ended_at = excluded.ended_at`,
    [
      next.restrictionId,
      next.integrationId,
      next.version,
      next.scope,
      next.organizationIds,
      next.mode,
      next.limitPerMinute,
      next.capability,
      next.reasonCode,
      next.clause,
      next.breachId,
      JSON.stringify(next.note),
      JSON.stringify(next.endCondition),
      next.imposedBy,
      next.from,
      next.until,
      next.ended,
      next.endedAt,
      next.approvalId,
    ],
  );
}

function toRestriction(row: Row): Restriction {
  return {
    ...row,
    from: row.from.toISOString(),
    until: row.until?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
  };
}
