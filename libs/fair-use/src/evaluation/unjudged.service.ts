import type { EntityManager } from 'typeorm';
import type { RuleId } from '../policy/policy.js';
import type { Marks } from './judge.js';

/**
 * Keeps what a rule could not judge because it threw, and gives it back: when a process starts, which may know better, and after ten
 * minutes. To judge a minute again changes nothing of what other rules found in it.
 */

export const TRY_AGAIN_MS = 10 * 60_000;
const MINUTES_PER_STEP = 10_000;

/** @param now when the rule threw */
export async function keepUnjudged(
  tx: EntityManager,
  integrationId: string,
  ruleIds: readonly RuleId[],
  { dirty, closed }: Marks,
  now: Date,
): Promise<void> {
  const marks = [...dirty, ...closed];
  await tx.query(
    `insert into unjudged_minute as kept (rule_id, integration_id, agreement_id, minute, appended_at, since)
     select rule, $2, agreement, minute, max(appended), $6
     from unnest($1::text[]) as rule,
          unnest($3::text[], $4::integer[], $5::timestamptz[]) as mark (agreement, minute, appended)
     group by rule, agreement, minute
     on conflict (rule_id, integration_id, agreement_id, minute)
     do update set appended_at = greatest(kept.appended_at, excluded.appended_at), since = excluded.since`,
    [
      ruleIds,
      integrationId,
      marks.map(({ agreementId }) => agreementId),
      marks.map(({ minute }) => minute),
      marks.map(({ appendedAt }) => appendedAt),
      now,
    ],
  );
}

/** Marks as dirty what was kept until then. Rules that wait for closed minutes leave it to be judged once more, as they do with any. */
export async function giveBackUnjudged(tx: EntityManager, keptUntil: Date): Promise<void> {
  await tx.query(
    // In the order in which batches mark, so that neither waits for the other in a circle.
    `with kept as (
       delete from unjudged_minute where (rule_id, integration_id, agreement_id, minute) in (
         select rule_id, integration_id, agreement_id, minute from unjudged_minute where since <= $1
         order by since limit $2 for update skip locked)
       returning integration_id, agreement_id, minute, appended_at)
     insert into dirty_minute as mark (integration_id, minute, agreement_id, appended_at)
     select integration_id, minute, agreement_id, max(appended_at) from kept
     group by integration_id, minute, agreement_id order by integration_id, minute, agreement_id
     on conflict (integration_id, minute, agreement_id)
     do update set appended_at = greatest(mark.appended_at, excluded.appended_at)`,
    [keptUntil, MINUTES_PER_STEP],
  );
}
