import type { Breach, Severity } from '@taxameter/contracts';
import { cutPage, Problem, type Page, type PageWanted } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { Handling } from '../handling/handling.js';
import { HANDLING, handlingOf, type HandlingRow } from '../handling/handling-store.service.js';
import type { BreachChange, Peak } from './decide-breach.js';

/** Cases as they are read: what was judged, and how far people are with it. Row-level security leaves a partner its own. */

export interface CaseShown {
  readonly breach: Breach;
  readonly peak: Peak;
  readonly handling: Handling;
}

type Row = HandlingRow & {
  readonly body: Breach;
  readonly peakValue: number;
  readonly peakWindowEnd: Date;
};

const SELECT = `
  select body, peak_value as "peakValue", peak_window_end as "peakWindowEnd", ${HANDLING}
  from breach left join breach_handling as handling using (breach_id)`;

export interface BreachFilter extends PageWanted {
  readonly state?: Breach['state'] | undefined;
  readonly severity?: Severity | undefined;
  readonly ruleId?: string | undefined;
  readonly integrationId?: string | undefined;
  readonly handlingState?: Handling['state'] | undefined;
  readonly assignee?: string | undefined;
  /** Those of rules in shadow, and no others. */
  readonly isShadow: boolean;
}

/**
 * Newest case first.
 * @throws Problem 400 for a cursor that no page gave
 */
export async function listCases(tx: EntityManager, filter: BreachFilter): Promise<Page<CaseShown>> {
  const { state, severity, ruleId, integrationId, handlingState, assignee, isShadow, limit, cursor } = filter;
  if (cursor !== undefined) {
    const known = await tx.query<unknown[]>('select from breach where breach_id = $1', [cursor]);
    if (known.length === 0) {
      throw new Problem(400, 'invalid-cursor', 'take the cursor from `nextCursor` of the page before');
    }
  }
  const rows = await tx.query<Row[]>(
    `${SELECT}
     where ($1::text is null or breach.state = $1) and ($2::text is null or severity = $2)
       and ($3::text is null or rule_id = $3) and ($4::text is null or integration_id = $4)
       and ($5::text is null or (opened_at, breach_id) <
            (select last.opened_at, last.breach_id from breach as last where last.breach_id = $5))
       and ($7::text is null or coalesce(handling.state, 'open') = $7) and ($8::text is null or assignee = $8)
       and starts_with(breach_key, 'shadow:') = $9
     order by opened_at desc, breach_id desc limit $6`,
    [state, severity, ruleId, integrationId, cursor, limit + 1, handlingState, assignee, isShadow].map(
      (value) => value ?? null,
    ),
  );
  return cutPage(rows.map(shown), limit, (found) => found.breach.breachId);
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
): Promise<(CaseShown & { readonly versions: readonly ToldVersion[] }) | null> {
  const [row] = await tx.query<Row[]>(`${SELECT} where breach_id = $1`, [breachId]);
  if (!row) return null;
  const versions = await tx.query<ToldVersion[]>(
    'select change, body as breach from breach_version where breach_id = $1 order by version',
    [breachId],
  );
  return { ...shown(row), versions };
}

function shown(row: Row): CaseShown {
  return {
    breach: row.body,
    peak: { value: row.peakValue, windowEnd: row.peakWindowEnd.toISOString() },
    handling: handlingOf(row),
  };
}
