import { smsBudgetChanged, TOPICS, type SmsBudget, type SmsBudgetReached } from '@taxameter/contracts';
import { publishFacts } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { loadRestriction } from '../restriction/restriction.service.js';
import type { Standing } from './sms-budget.js';

/** SMS budgets in the database. */

export async function loadBudget(tx: EntityManager, integrationId: string): Promise<SmsBudget | null> {
  const [budget] = await tx.query<SmsBudget[]>(
    `select integration_id as "integrationId", version, partner_id as "partnerId",
       messages_per_quarter as "messagesPerQuarter", stops_at_limit as "stopsAtLimit"
     from sms_budget where integration_id = $1`,
    [integrationId],
  );
  return budget ?? null;
}

export async function saveBudget(tx: EntityManager, budget: SmsBudget): Promise<void> {
  await tx.query(
    `insert into sms_budget (integration_id, version, partner_id, messages_per_quarter, stops_at_limit)
     values ($1, $2, $3, $4, $5)
     on conflict (integration_id) do update set version = excluded.version, partner_id = excluded.partner_id,
       messages_per_quarter = excluded.messages_per_quarter, stops_at_limit = excluded.stops_at_limit`,
    [budget.integrationId, budget.version, budget.partnerId, budget.messagesPerQuarter, budget.stopsAtLimit],
  );
}

export async function publishBudget(tx: EntityManager, budget: SmsBudget, time: Date): Promise<void> {
  await publishFacts(tx, 'partners', [
    {
      topic: TOPICS.smsBudgets,
      key: `sms_budget|${budget.integrationId}`,
      type: smsBudgetChanged.type,
      time,
      data: budget,
    },
  ]);
}

/** What fair-use tells of each quarter: one that has not begun by our clock waits until it has. */
export async function saveReached(tx: EntityManager, reached: SmsBudgetReached): Promise<void> {
  await tx.query(
    `insert into sms_budget_standing (integration_id, quarter, reached, is_used_up) values ($1, $2, $3, $4)
     on conflict (integration_id, quarter) do update set
       reached = excluded.reached, is_used_up = excluded.is_used_up`,
    [
      reached.integrationId,
      reached.quarter,
      JSON.stringify(reached),
      reached.reachedPercent === 100 && reached.stopsAtLimit,
    ],
  );
}

export async function loadStanding(
  tx: EntityManager,
  integrationId: string,
  quarter: string,
): Promise<Standing | null> {
  const [row] = await tx.query<(Omit<Standing, 'stop'> & { restrictionId: string | null })[]>(
    `select reached, stopped_version as "stoppedVersion", restriction_id as "restrictionId"
     from sms_budget_standing where integration_id = $1 and quarter = $2`,
    [integrationId, quarter],
  );
  if (!row) return null;
  const { restrictionId, ...standing } = row;
  return { ...standing, stop: restrictionId === null ? null : await loadRestriction(tx, restrictionId) };
}

export async function saveStop(
  tx: EntityManager,
  { integrationId, quarter, budgetVersion }: SmsBudgetReached,
  restrictionId: string,
): Promise<void> {
  await tx.query(
    `update sms_budget_standing set stopped_version = $3, restriction_id = $4
     where integration_id = $1 and quarter = $2`,
    [integrationId, quarter, budgetVersion, restrictionId],
  );
}

/** Integrations after one, by id, whose budget is used up in a quarter or that are stopped by it. */
export async function integrationsToFollow(
  tx: Pick<EntityManager, 'query'>,
  quarter: string,
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await tx.query<{ integrationId: string }[]>(
    `select integration_id as "integrationId" from sms_budget_standing
     where quarter = $1 and is_used_up and integration_id > $2 collate "C"
     order by integration_id collate "C" limit $3`,
    [quarter, after, limit],
  );
  return rows.map(({ integrationId }) => integrationId);
}
