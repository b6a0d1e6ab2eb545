import {
  breachEscalated,
  breachOpened,
  breachReopened,
  breachResolved,
  breachRevised,
  TOPICS,
  type Breach,
} from '@taxameter/contracts';
import { publishFacts } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { isInShadow, type BreachDecision } from './decide-breach.js';
import type { KeptCase } from './decide-cases.js';
import { settledThrough, type Settlements } from './settle.js';

/**
 * Keeps cases: the state now, every version that was told, and the fact that tells it, in one transaction.
 */

const FACTS = {
  opened: breachOpened,
  escalated: breachEscalated,
  revised: breachRevised,
  resolved: breachResolved,
  reopened: breachReopened,
};

interface CaseRow {
  readonly body: Breach;
  readonly peakValue: number;
  readonly peakWindowEnd: Date;
  readonly after: number | null;
  readonly ownedUntil: Date | null;
  readonly reopenedAfter: number[];
}

const CASE = `
  body, peak_value as "peakValue", peak_window_end as "peakWindowEnd", after_minute as "after",
  reopened_after as "reopenedAfter",
  (select min(valid_from) from integration_owner as owner
   where owner.integration_id = breach.integration_id and owner.valid_from >= breach.window_end) as "ownedUntil"`;

/**
 * The cases with these keys that may answer for a minute from this one on, and the newest of each, oldest first. They are
 * locked until the transaction ends.
 */
export async function lockCases(
  tx: EntityManager,
  breachKeys: readonly string[],
  fromMinute: number,
): Promise<Map<string, KeptCase[]>> {
  const rows = await tx.query<CaseRow[]>(
    `select ${CASE} from breach
     where breach_key = any($1)
       and (coalesce(through_minute, 2147483647) >= $2
         or not exists (select from breach as later
                        where later.breach_key = breach.breach_key and later.after_minute >= breach.through_minute))
     order by breach_key, after_minute nulls first for update of breach`,
    [breachKeys, fromMinute],
  );
  const cases = new Map<string, KeptCase[]>();
  for (const row of rows) {
    const kept = caseOf(row);
    cases.set(kept.breach.breachKey, [...(cases.get(kept.breach.breachKey) ?? []), kept]);
  }
  return cases;
}

/** One case, locked until the transaction ends; null when there is none. */
export async function lockCase(tx: EntityManager, breachId: string): Promise<KeptCase | null> {
  const [row] = await tx.query<CaseRow[]>(
    `select ${CASE} from breach where breach_id = $1 for update of breach`,
    [breachId],
  );
  return row ? caseOf(row) : null;
}

/** The id of the case that came after this one under the same key; null while it is the newest. */
export async function laterCase(tx: EntityManager, { breach }: KeptCase): Promise<string | null> {
  const [later] = await tx.query<{ breachId: string }[]>(
    `select later.breach_id as "breachId" from breach
     join breach as later on later.breach_key = breach.breach_key and later.after_minute >= breach.through_minute
     where breach.breach_id = $1 order by later.after_minute desc limit 1`,
    [breach.breachId],
  );
  return later?.breachId ?? null;
}

/** Through which minutes cases of these integrations were settled, by integration and key, as far as they lie at this minute or after it. */
export async function readSettlements(
  tx: EntityManager,
  integrationIds: readonly string[],
  fromMinute: number,
): Promise<ReadonlyMap<string, Settlements>> {
  const rows = await tx.query<{ integrationId: string; breachKey: string; minutes: number[] }[]>(
    `select integration_id as "integrationId", breach_key as "breachKey",
            array_remove(array_agg(after_minute) || array_agg(through_minute), null) as minutes
     from breach where integration_id = any($1) and greatest(after_minute, through_minute) >= $2
     group by integration_id, breach_key`,
    [integrationIds, fromMinute],
  );
  const settled = new Map<string, Map<string, readonly number[]>>();
  for (const { integrationId, breachKey, minutes } of rows) {
    const own = settled.get(integrationId) ?? new Map<string, readonly number[]>();
    settled.set(integrationId, own.set(breachKey, minutes));
  }
  return settled;
}

/** Saves a decision; what changed is kept as a version and, unless it is in shadow, published as a fact. */
export async function saveDecision(tx: EntityManager, decision: BreachDecision, now: Date): Promise<void> {
  const { breach, peak, after, change } = decision;
  await tx.query(
    `insert into breach (breach_id, breach_key, version, rule_id, policy_version, severity, state,
                         integration_id, agreement_id, opened_at, window_end, guidance_da, guidance_en,
                         evidence, body, peak_value, peak_window_end, after_minute, through_minute, reopened_after)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
             coalesce($20::integer[], '{}'))
     on conflict (breach_id) do update
     set version = excluded.version, policy_version = excluded.policy_version, severity = excluded.severity,
         state = excluded.state, window_end = excluded.window_end, guidance_da = excluded.guidance_da,
         guidance_en = excluded.guidance_en, evidence = excluded.evidence, body = excluded.body,
         peak_value = excluded.peak_value, peak_window_end = excluded.peak_window_end,
         after_minute = excluded.after_minute, through_minute = excluded.through_minute,
         reopened_after = coalesce($20::integer[], breach.reopened_after)`,
    [
      breach.breachId,
      breach.breachKey,
      breach.version,
      breach.ruleId,
      breach.policyVersion,
      breach.severity,
      breach.state,
      breach.scope.integrationId,
      breach.scope.organizationId ?? '',
      breach.openedAt,
      breach.observed.windowEnd,
      breach.guidance.da,
      breach.guidance.en,
      JSON.stringify(breach.evidence),
      JSON.stringify(breach),
      peak.value,
      peak.windowEnd,
      after,
      settledThrough(decision),
      decision.reopenedAfter ?? null,
    ],
  );
  if (change === null) return;
  await tx.query(
    `insert into breach_version (breach_id, version, change, body, recorded_at) values ($1, $2, $3, $4, $5)`,
    [breach.breachId, breach.version, change, JSON.stringify(breach), now],
  );
  if (isInShadow(breach)) return;
  await publishFacts(tx, 'fair-use', [
    {
      topic: TOPICS.breaches,
      key: breach.breachId,
      type: FACTS[change].type,
      time: new Date(decision.appendedAt),
      data: breach,
    },
  ]);
}

function caseOf({ body, peakValue, peakWindowEnd, after, ownedUntil, reopenedAfter }: CaseRow): KeptCase {
  return {
    breach: body,
    peak: { value: peakValue, windowEnd: peakWindowEnd.toISOString() },
    after,
    ownedUntil: ownedUntil?.toISOString() ?? null,
    reopenedAfter,
  };
}
