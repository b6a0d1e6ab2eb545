import {
  breachEscalated,
  breachOpened,
  breachRevised,
  TOPICS,
  type Breach,
  type Severity,
} from '@taxameter/contracts';
import { Problem, publishFacts, type Page, cutPage, type PageWanted } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { BreachCase, BreachChange, BreachDecision } from './decide-breach.js';

/**
 * Keeps cases: the state now, every version that was told, and the fact that tells it, in one transaction.
 */

const FACTS = { opened: breachOpened, escalated: breachEscalated, revised: breachRevised };

interface CaseRow {
  readonly body: Breach;
  readonly peakValue: number;
  readonly peakWindowEnd: Date;
}

const CASE = 'body, peak_value as "peakValue", peak_window_end as "peakWindowEnd"';

/** The open cases among these keys, locked until the transaction ends, by key. */
export async function lockOpenCases(
  tx: EntityManager,
  breachKeys: readonly string[],
): Promise<Map<string, BreachCase>> {
  const rows = await tx.query<CaseRow[]>(
    `select ${CASE} from breach where breach_key = any($1) and state = 'open' order by breach_key for update`,
    [breachKeys],
  );
  return new Map(rows.map((row) => [row.body.breachKey, caseOf(row)]));
}

/** Saves a decision; what changed is kept as a version and published as a fact. */
export async function saveDecision(tx: EntityManager, decision: BreachDecision, now: Date): Promise<void> {
  const { breach, peak, change } = decision;
  await tx.query(
    `insert into breach (breach_id, breach_key, version, rule_id, policy_version, severity, state,
                         integration_id, agreement_id, opened_at, window_end, guidance_da, guidance_en,
                         evidence, body, peak_value, peak_window_end)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
     on conflict (breach_id) do update
     set version = excluded.version, policy_version = excluded.policy_version, severity = excluded.severity,
         state = excluded.state, window_end = excluded.window_end, guidance_da = excluded.guidance_da,
         guidance_en = excluded.guidance_en, evidence = excluded.evidence, body = excluded.body,
         peak_value = excluded.peak_value, peak_window_end = excluded.peak_window_end`,
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
    ],
  );
  if (change === null) return;
  await tx.query(
    `insert into breach_version (breach_id, version, change, body, recorded_at) values ($1, $2, $3, $4, $5)`,
    [breach.breachId, breach.version, change, JSON.stringify(breach), now],
  );
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

export interface BreachFilter extends PageWanted {
  readonly state?: Breach['state'] | undefined;
  readonly severity?: Severity | undefined;
  readonly ruleId?: string | undefined;
  readonly integrationId?: string | undefined;
}

/**
 * Newest case first. Row-level security leaves a partner its own.
 * @throws Problem 400 for a cursor that no page gave
 */
export async function listCases(tx: EntityManager, filter: BreachFilter): Promise<Page<BreachCase>> {
  const { state, severity, ruleId, integrationId, limit, cursor } = filter;
  if (cursor !== undefined) {
    const known = await tx.query<unknown[]>('select from breach where breach_id = $1', [cursor]);
    if (known.length === 0) {
      throw new Problem(400, 'invalid-cursor', 'take the cursor from `nextCursor` of the page before');
    }
  }
  const rows = await tx.query<CaseRow[]>(
    `select ${CASE} from breach
     where ($1::text is null or state = $1) and ($2::text is null or severity = $2)
       and ($3::text is null or rule_id = $3) and ($4::text is null or integration_id = $4)
       and ($5::text is null or (opened_at, breach_id) <
            (select last.opened_at, last.breach_id from breach as last where last.breach_id = $5))
     order by opened_at desc, breach_id desc limit $6`,
    [state, severity, ruleId, integrationId, cursor, limit + 1].map((value) => value ?? null),
  );
  return cutPage(rows.map(caseOf), limit, (found) => found.breach.breachId);
}

export interface ToldVersion {
  readonly change: BreachChange;
  readonly breach: Breach;
}

/**
 * A case with everything that was told about it, oldest first; null when there is none that the actor may
 * see.
 */
export async function readCase(
  tx: EntityManager,
  breachId: string,
): Promise<(BreachCase & { readonly versions: readonly ToldVersion[] }) | null> {
  const [row] = await tx.query<CaseRow[]>(`select ${CASE} from breach where breach_id = $1`, [breachId]);
  if (!row) return null;
  const versions = await tx.query<ToldVersion[]>(
    'select change, body as breach from breach_version where breach_id = $1 order by version',
    [breachId],
  );
  return { ...caseOf(row), versions };
}

function caseOf({ body, peakValue, peakWindowEnd }: CaseRow): BreachCase {
  return { breach: body, peak: { value: peakValue, windowEnd: peakWindowEnd.toISOString() } };
}
