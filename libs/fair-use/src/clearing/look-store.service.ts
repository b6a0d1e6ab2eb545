import type { EntityManager } from 'typeorm';
import type { BreachContext } from '../breach/decide-breach.js';
import { nextMinute, type Look } from './look.js';

/** Keeps how far each case was looked at. */

interface LookRow extends Look {
  readonly breachId: string;
}

const LOOK = `
  breach_id as "breachId", looked_through as "lookedThrough", quiet_after as "quietAfter", confirmed`;

/** Of these cases, as far as they are looked at. To be read by who has locked the evaluation of the integration. */
export async function readLooks(
  tx: EntityManager,
  breachIds: readonly string[],
): Promise<ReadonlyMap<string, Look>> {
  if (breachIds.length === 0) return new Map();
  const rows = await tx.query<LookRow[]>(`select ${LOOK} from breach_look where breach_id = any($1)`, [
    breachIds,
  ]);
  return new Map(rows.map(({ breachId, ...look }) => [breachId, look]));
}

/** Those of these integrations that have a case of which a minute is closed that was not looked at. */
export async function integrationsToLookAt(
  tx: EntityManager,
  integrationIds: readonly string[],
  before: number,
): Promise<string[]> {
  const rows = await tx.query<{ integrationId: string }[]>(
    `select distinct integration_id as "integrationId" from breach_look
     where integration_id = any($1) and next_minute < $2 order by 1`,
    [integrationIds, before],
  );
  return rows.map(({ integrationId }) => integrationId);
}

/** The cases of an integration of which a minute is closed that was not looked at, the longest overlooked first. */
export async function dueLooks(
  tx: EntityManager,
  integrationId: string,
  before: number,
  limit: number,
): Promise<ReadonlyMap<string, Look>> {
  const rows = await tx.query<LookRow[]>(
    `select ${LOOK} from breach_look where integration_id = $1 and next_minute < $2
     order by next_minute, breach_id limit $3`,
    [integrationId, before, limit],
  );
  return new Map(rows.map(({ breachId, ...look }) => [breachId, look]));
}

export async function saveLook(tx: EntityManager, context: BreachContext, look: Look): Promise<void> {
  await tx.query(
    `insert into breach_look (breach_id, integration_id, looked_through, next_minute, quiet_after, confirmed)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (breach_id) do update
     set looked_through = excluded.looked_through, next_minute = excluded.next_minute,
         quiet_after = excluded.quiet_after,
         confirmed = case when breach_look.confirmed is distinct from excluded.confirmed
                          then excluded.confirmed else breach_look.confirmed end`,
    [
      context.breachId,
      context.subject.integrationId,
      look.lookedThrough,
      nextMinute(context, look),
      look.quietAfter,
      look.confirmed && JSON.stringify(look.confirmed),
    ],
  );
}

export async function forgetLook(tx: EntityManager, breachId: string): Promise<void> {
  await tx.query('delete from breach_look where breach_id = $1', [breachId]);
}
