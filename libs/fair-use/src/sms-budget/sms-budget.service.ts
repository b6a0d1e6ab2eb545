import {
  smsBudgetReached,
  TOPICS,
  type SmsBudget,
  type SmsTotals,
  type SmsTotalsChangedEvent,
} from '@taxameter/contracts';
import { publishFacts } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { reachedPercent } from './reached.js';

/** Counts and budgets in the database, and what is told of them. */

/** Until the end of the transaction: a count and a budget that come at once must not each be held against the other's old state. */
export async function lockIntegrations(tx: EntityManager, integrationIds: readonly string[]): Promise<void> {
  await tx.query(
    'select pg_advisory_xact_lock(hashtextextended(id, 7340022)) from unnest($1::text[]) as id',
    // In one order, so that two transactions do not wait for each other.
    [[...new Set(integrationIds)].sort()],
  );
}

type Counted = Pick<SmsTotals, 'integrationId' | 'quarter'>;

/** Keeps the newest count of each partition. @returns which integrations and quarters have one, and have a budget */
export async function keepCounts(
  tx: EntityManager,
  totals: readonly SmsTotalsChangedEvent['data'][],
): Promise<Counted[]> {
  const newest = new Map(
    totals.map((total) => [`${total.integrationId}|${total.quarter}|${total.partition}`, total]),
  );
  const rows = [...newest.values()];
  await tx.query(
    `insert into sms_count as kept (integration_id, quarter, partition, messages)
     select * from unnest($1::text[], $2::text[], $3::integer[], $4::bigint[])
     on conflict (integration_id, quarter, partition) do update set messages = excluded.messages`,
    [
      rows.map(({ integrationId }) => integrationId),
      rows.map(({ quarter }) => quarter),
      rows.map(({ partition }) => partition),
      rows.map(({ count, testCount = 0 }) => count - testCount),
    ],
  );
  return tx.query<Counted[]>(
    `select distinct counted.integration_id as "integrationId", quarter
     from unnest($1::text[], $2::text[]) as counted (integration_id, quarter) join sms_budget using (integration_id)
     order by 1, 2`,
    [rows.map(({ integrationId }) => integrationId), rows.map(({ quarter }) => quarter)],
  );
}

export async function keepBudget(
  tx: EntityManager,
  { integrationId, version, messagesPerQuarter, stopsAtLimit }: SmsBudget,
): Promise<void> {
  await tx.query(
    `insert into sms_budget (integration_id, version, messages_per_quarter, stops_at_limit) values ($1, $2, $3, $4)
     on conflict (integration_id) do update set version = excluded.version,
       messages_per_quarter = excluded.messages_per_quarter, stops_at_limit = excluded.stops_at_limit`,
    [integrationId, version, messagesPerQuarter, stopsAtLimit],
  );
}

interface Standing {
  readonly budgetVersion: number;
  readonly messagesPerQuarter: number | null;
  readonly stopsAtLimit: boolean;
  readonly messages: number;
  /** What was told last; null: nothing yet. */
  readonly told: {
    readonly version: number;
    readonly budgetVersion: number;
    readonly reachedPercent: number;
  } | null;
}

/** Tells which share is reached, when it is another than was told, or the budget is another. */
export async function tellReached(
  tx: EntityManager,
  integrationId: string,
  quarter: string,
  time: Date,
): Promise<void> {
  const [standing] = await tx.query<Standing[]>(
    `select budget.version as "budgetVersion", messages_per_quarter as "messagesPerQuarter",
       stops_at_limit as "stopsAtLimit",
       (select coalesce(sum(messages), 0)::bigint from sms_count
        where integration_id = $1 and quarter = $2) as messages,
       (select json_build_object('version', version, 'budgetVersion', budget_version, 'reachedPercent', reached_percent)
        from sms_budget_told where integration_id = $1 and quarter = $2) as told
     from sms_budget as budget where integration_id = $1`,
    [integrationId, quarter],
  );
  if (!standing) return;
  const { told, ...shown } = standing;
  const percent = reachedPercent(shown.messages, shown.messagesPerQuarter);
  if (told?.budgetVersion === shown.budgetVersion && told.reachedPercent === percent) return;
  const version = (told?.version ?? 0) + 1;
  const data = { integrationId, quarter, version, ...shown, reachedPercent: percent };
  await publishFacts(tx, 'fair-use', [
    {
      topic: TOPICS.smsBudgetsReached,
      key: `${integrationId}|${quarter}`,
      type: smsBudgetReached.type,
      time,
      data,
    },
  ]);
  await tx.query(
    `insert into sms_budget_told (integration_id, quarter, version, budget_version, reached_percent)
     values ($1, $2, $3, $4, $5)
     on conflict (integration_id, quarter) do update set version = excluded.version,
       budget_version = excluded.budget_version, reached_percent = excluded.reached_percent`,
    [integrationId, quarter, version, shown.budgetVersion, percent],
  );
}
