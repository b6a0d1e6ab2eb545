import type { EntityManager } from 'typeorm';
import { readSettlements } from '../breach/breach-store.service.js';
import type { Policy } from '../policy/policy.js';
import type { PairMinute, RouteMinute } from '../signals/signals.js';
import { minutesAround, type DirtyMinute, type Docket } from './judge.js';

/** Reads what one step of the evaluator judges. */

// A backlog of a week is judged in steps; each may read the rows of two hours around every mark.
const MARKS_PER_STEP = 500;

/**
 * The oldest dirty minutes of an integration, locked before any signal is read. A batch that adds to one of
 * them meanwhile waits and marks it anew; one that a batch holds just now is skipped, and comes in a later
 * step.
 */
export async function takeDirtyMinutes(tx: EntityManager, integrationId: string): Promise<DirtyMinute[]> {
  const rows = await tx.query<(Omit<DirtyMinute, 'appendedAt'> & { appendedAt: Date })[]>(
    `select agreement_id as "agreementId", minute, appended_at as "appendedAt" from dirty_minute
     where integration_id = $1 order by minute, agreement_id limit $2 for update skip locked`,
    [integrationId, MARKS_PER_STEP],
  );
  return rows.map((row) => ({ ...row, appendedAt: row.appendedAt.toISOString() }));
}

export async function readDocket(
  tx: EntityManager,
  integrationId: string,
  { dirty, closed }: Pick<Docket, 'dirty' | 'closed'>,
  policy: Policy,
): Promise<Docket> {
  const marks = [...dirty, ...closed];
  const where = 'where integration_id = $1 and agreement_id = any($2) and minute = any($3)';
  const minutes = minutesAround(marks, policy);
  const around = [integrationId, [...new Set(marks.map((mark) => mark.agreementId))], minutes];
  const key = 'integration_id as "integrationId", agreement_id as "agreementId", minute';
  const pairs = await tx.query<PairMinute[]>(
    `select ${key}, calls, writes, server_time_ms as "serverTimeMs", client_errors as "clientErrors", throttled,
            calls_by_slot as "callsBySlot"
     from signal_pair_minute ${where}`,
    around,
  );
  const routes = await tx.query<RouteMinute[]>(
    `select ${key}, route, unfiltered_sweeps as "unfilteredSweeps", changes_since_sweeps as "changesSinceSweeps"
     from signal_route_minute ${where}`,
    around,
  );
  const settled = await readSettlements(tx, integrationId, Math.min(...minutes));
  return { integrationId, dirty, closed, pairs, routes, settled };
}

/**
 * One evaluator at a time for an integration, and nobody who settles a case of it meanwhile; until the transaction ends.
 */
export async function lockEvaluation(tx: EntityManager, integrationId: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(7340010, hashtext(current_schema() || $1))', [integrationId]);
}
