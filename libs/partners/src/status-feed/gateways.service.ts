import { Problem } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';

/** Which gateways ask, and what they know. */

const MAX_GATEWAYS = 500;
/** One that has not asked for so long is forgotten: names of processes come and go. */
const FORGET_AFTER_MS = 7 * 86_400_000;
/** Three times the longest wait: then it has lost us, or it is down. */
const STALE_AFTER_MS = 90_000;

export interface Gateway {
  readonly gateway: string;
  readonly revision: number | null;
  readonly askedAt: string;
  /** Changes of the feed that it has not said to know. */
  readonly changesBehind: number;
  /** When the oldest of them was made. */
  readonly behindSince: string | null;
  readonly isStale: boolean;
}

/**
 * Writes down that a gateway asked, and which revision it has (null: none yet).
 * @throws Problem 422 when there are too many names
 */
export async function noteGateway(
  tx: EntityManager,
  name: string,
  revision: number | null,
  now: Date,
): Promise<void> {
  const noted = await tx.query<unknown[]>(
    `insert into gateway as known (name, revision, asked_at)
     select $1, $2::bigint, $3
     where exists (select from gateway where name = $1) or (select count(*) from gateway) < $4
     on conflict (name) do update set revision = excluded.revision, asked_at = excluded.asked_at
     returning name`,
    [name, revision, now, MAX_GATEWAYS],
  );
  if (noted.length > 0) return;
  throw new Problem(
    422,
    'too-many-gateways',
    `${MAX_GATEWAYS} gateways are known: give each a name that it keeps when it is started again`,
    { errors: [{ field: 'query.gateway', reason: 'is one name too many' }] },
  );
}

export async function listGateways(tx: EntityManager, now: Date): Promise<Gateway[]> {
  const rows = await tx.query<
    (Omit<Gateway, 'askedAt' | 'behindSince'> & { askedAt: Date; behindSince: Date | null })[]
  >(
    `select name as gateway, revision, asked_at as "askedAt", missed.count as "changesBehind",
            missed.since as "behindSince", asked_at < $1 as "isStale"
     from gateway, lateral (
       select count(*) as count, min(at) as since from enforcement_revision
       where enforcement_revision.revision > coalesce(gateway.revision, 0)) as missed
     order by name collate "C"`,
    [new Date(now.getTime() - STALE_AFTER_MS)],
  );
  return rows.map((row) => ({
    ...row,
    askedAt: row.askedAt.toISOString(),
    behindSince: row.behindSince?.toISOString() ?? null,
  }));
}

export async function forgetGateways(tx: EntityManager, now: Date): Promise<void> {
  await tx.query('delete from gateway where asked_at < $1', [new Date(now.getTime() - FORGET_AFTER_MS)]);
}
