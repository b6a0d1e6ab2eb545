import { TOPICS, restrictionObserved } from '@taxameter/contracts';
import { publishFacts } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { factOf, type Observation } from './watch.js';

/** Watched blocks in the database, and the fact that tells of them. */

const SELECT = `
  select restriction_id as "restrictionId", integration_id as "integrationId", organization_ids as "organizationIds",
    capability, since_ms as "sinceMs", until_ms as "untilMs", version, refused, let_through as "letThrough", pending,
    first_let_through_ms as "firstLetThroughMs", last_let_through_ms as "lastLetThroughMs",
    last_call_ms as "lastCallMs", told_minute as "toldMinute"
  from enforcement_watch`;

/** Those of these integrations that bind at an instant (ms since 1970) or later; not locked. */
export function watchesAfter(
  tx: EntityManager,
  integrationIds: readonly string[],
  instantMs: number,
): Promise<Observation[]> {
  return tx.query<Observation[]>(
    `${SELECT} where integration_id = any($1) and (until_ms is null or until_ms > $2)`,
    [integrationIds, instantMs],
  );
}

/** Of which blocks calls wait to be counted, by id: those that leak just now, so there are few. */
export async function watchesThatWait(database: Pick<EntityManager, 'query'>): Promise<string[]> {
  const rows = await database.query<{ restrictionId: string }[]>(
    `select restriction_id as "restrictionId" from enforcement_watch where pending <> '[]' order by restriction_id`,
  );
  return rows.map(({ restrictionId }) => restrictionId);
}

/** Locked until the transaction ends, in the order of their ids, so that two consumers never wait for each other in a circle. */
export function lockWatches(tx: EntityManager, restrictionIds: readonly string[]): Promise<Observation[]> {
  return tx.query<Observation[]>(
    `${SELECT} where restriction_id = any($1) order by restriction_id for update`,
    [restrictionIds],
  );
}

/** Those of some integrations, locked; all at once, for the same reason. */
export function lockWatchesOf(tx: EntityManager, integrationIds: readonly string[]): Promise<Observation[]> {
  return tx.query<Observation[]>(
    `${SELECT} where integration_id = any($1) order by restriction_id for update`,
    [integrationIds],
  );
}

export async function saveWatch(tx: EntityManager, watch: Observation): Promise<void> {
  await tx.query(
    `insert into enforcement_watch
       (restriction_id, integration_id, organization_ids, capability, since_ms, until_ms, version, refused, let_through,
        first_let_through_ms, last_let_through_ms, last_call_ms, told_minute, pending)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     on conflict (restriction_id) do update set
       until_ms = excluded.until_ms, version = excluded.version, refused = excluded.refused,
       let_through = excluded.let_through, first_let_through_ms = excluded.first_let_through_ms,
       last_let_through_ms = excluded.last_let_through_ms, last_call_ms = excluded.last_call_ms,
       told_minute = excluded.told_minute, pending = excluded.pending`,
    [
      watch.restrictionId,
      watch.integrationId,
      watch.organizationIds,
      watch.capability,
      watch.sinceMs,
      watch.untilMs,
      watch.version,
      watch.refused,
      watch.letThrough,
      watch.firstLetThroughMs,
      watch.lastLetThroughMs,
      watch.lastCallMs,
      watch.toldMinute,
      JSON.stringify(watch.pending),
    ],
  );
}

/** @param time when it became true: a time of the log, so that a replay says the same */
export async function tell(tx: EntityManager, watch: Observation, time: Date): Promise<void> {
  await publishFacts(tx, 'fair-use', [
    {
      topic: TOPICS.restrictionsObserved,
      key: watch.restrictionId,
      type: restrictionObserved.type,
      time,
      data: factOf(watch),
    },
  ]);
}
