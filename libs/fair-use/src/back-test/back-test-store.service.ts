import { Problem, cutPage, type Page, type PageWanted } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { PolicyDocument } from '../policy/policy-document.js';
import type { CaseChange, ComparedCase } from './historic-cases.js';

/** Keeps back-tests: what was asked for, how far it is, and what it found. */

/** Whoever wants more waits until one is done. */
export const MAX_WAITING = 10;
/** What a back-test found is looked at and decided upon, not kept. */
const KEPT_BACK_TESTS = 50;
/** A policy that opens more cases than this needs no list to be refused. */
export const MAX_CASES = 50_000;

export type BackTestState = 'queued' | 'running' | 'done' | 'cancelled' | 'failed';

export interface BackTest {
  readonly backTestId: string;
  readonly state: BackTestState;
  readonly candidate: PolicyDocument;
  readonly today: PolicyDocument;
  readonly from: Date;
  readonly to: Date;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
  readonly integrations: number | null;
  readonly judged: number;
  readonly lastJudged: string;
  readonly cases: number;
  readonly error: string | null;
}

const COLUMNS = `back_test_id as "backTestId", state, candidate, today, range_from as "from", range_to as "to",
  created_by as "createdBy", created_at as "createdAt", finished_at as "finishedAt", integrations, judged,
  last_judged as "lastJudged", cases, error`;

/** @throws Problem 429 when too many wait already */
export async function addBackTest(
  tx: EntityManager,
  wanted: Pick<BackTest, 'backTestId' | 'candidate' | 'today' | 'from' | 'to' | 'createdBy' | 'createdAt'>,
): Promise<void> {
  await tx.query('lock table back_test in share row exclusive mode');
  const [{ waiting }] = await tx.query<[{ waiting: number }]>(
    `select count(*) as waiting from back_test where state in ('queued', 'running')`,
  );
  if (waiting >= MAX_WAITING) {
    const detail = `${MAX_WAITING} back-tests wait already: cancel one, or wait until one is done`;
    throw new Problem(429, 'too-many-back-tests', detail);
  }
  await tx.query(
    `insert into back_test (back_test_id, state, candidate, today, range_from, range_to, created_by, created_at)
     values ($1, 'queued', $2, $3, $4, $5, $6, $7)`,
    [
      wanted.backTestId,
      JSON.stringify(wanted.candidate),
      JSON.stringify(wanted.today),
      wanted.from,
      wanted.to,
      wanted.createdBy,
      wanted.createdAt,
    ],
  );
  await tx.query(
    `delete from back_test where state not in ('queued', 'running') and back_test_id not in
       (select back_test_id from back_test order by created_at desc, back_test_id desc limit $1)`,
    [KEPT_BACK_TESTS],
  );
}

export async function readBackTest(tx: EntityManager, backTestId: string): Promise<BackTest | null> {
  const [row] = await tx.query<BackTest[]>(`select ${COLUMNS} from back_test where back_test_id = $1`, [
    backTestId,
  ]);
  return row ?? null;
}

export async function listBackTests(tx: EntityManager): Promise<BackTest[]> {
  return tx.query(`select ${COLUMNS} from back_test order by created_at desc, back_test_id desc`);
}

/** The oldest one that is not done, locked until the transaction ends; null when there is none that nobody works on. */
export async function takeBackTest(tx: EntityManager): Promise<BackTest | null> {
  const [row] = await tx.query<BackTest[]>(
    `select ${COLUMNS} from back_test where state in ('queued', 'running')
     order by created_at, back_test_id limit 1 for update skip locked`,
  );
  return row ?? null;
}

/** Adds what was found on some integrations, of which `last` is the last by its id. */
export async function saveProgress(
  tx: EntityManager,
  backTest: BackTest,
  done: { readonly integrations: number; readonly judged: number; readonly last: string },
  found: readonly ComparedCase[],
): Promise<void> {
  const { backTestId, cases } = backTest;
  await tx.query(
    `insert into back_test_case (back_test_id, place, integration_id, rule_id, change, body)
     select $1, $2 + row_number() over (), * from unnest($3::text[], $4::text[], $5::text[], $6::jsonb[])`,
    [
      backTestId,
      cases,
      found.map((one) => (one.candidate ?? one.today)!.subject.integrationId),
      found.map((one) => (one.candidate ?? one.today)!.ruleId),
      found.map(({ change }) => change),
      found.map(({ candidate, today }) => JSON.stringify({ candidate, today })),
    ],
  );
  await tx.query(
    `update back_test set state = 'running', integrations = $2, judged = judged + $3, last_judged = $4, cases = cases + $5
     where back_test_id = $1`,
    [backTestId, done.integrations, done.judged, done.last, found.length],
  );
}

export async function finishBackTest(
  tx: EntityManager,
  backTestId: string,
  state: 'done' | 'cancelled' | 'failed',
  now: Date,
  error: string | null = null,
): Promise<void> {
  await tx.query('update back_test set state = $2, finished_at = $3, error = $4 where back_test_id = $1', [
    backTestId,
    state,
    now,
    error,
  ]);
}

/** How many cases of each kind, by rule and change. */
export async function summaryOf(
  tx: EntityManager,
  backTestId: string,
): Promise<{ ruleId: string; change: CaseChange; cases: number; integrations: number }[]> {
  return tx.query(
    `select rule_id as "ruleId", change, count(*) as cases, count(distinct integration_id) as integrations
     from back_test_case where back_test_id = $1 group by rule_id, change order by rule_id, change`,
    [backTestId],
  );
}

export interface CaseRow {
  readonly place: number;
  readonly change: CaseChange;
  readonly candidate: ComparedCase['candidate'];
  readonly today: ComparedCase['today'];
}

/** In the order in which they were found: by integration. */
export async function listBackTestCases(
  tx: EntityManager,
  backTestId: string,
  { limit, cursor, change }: PageWanted & { readonly change: CaseChange | undefined },
): Promise<Page<CaseRow>> {
  const rows = await tx.query<CaseRow[]>(
    `select place, change, body -> 'candidate' as candidate, body -> 'today' as today from back_test_case
     where back_test_id = $1 and place > $2 and ($3::text is null or change = $3) order by place limit $4`,
    [backTestId, Number(cursor ?? 0), change ?? null, limit + 1],
  );
  return cutPage(rows, limit, ({ place }) => String(place));
}

/** Integrations that the candidate would have opened a case for, or a worse one, than today's policy: who hears of it 30 days before. */
export async function hitBy(tx: EntityManager, backTestId: string): Promise<string[]> {
  const rows = await tx.query<{ integrationId: string }[]>(
    `select distinct integration_id as "integrationId" from back_test_case
     where back_test_id = $1 and change in ('new', 'sharper') order by 1`,
    [backTestId],
  );
  return rows.map(({ integrationId }) => integrationId);
}

/** The new and the sharper cases of a page of integrations, by integration. */
export async function listHits(
  tx: EntityManager,
  backTestId: string,
  { limit, cursor }: PageWanted,
): Promise<Page<{ integrationId: string; cases: readonly ComparedCase[] }>> {
  const rows = await tx.query<{ integrationId: string; cases: readonly ComparedCase[] }[]>(
    `select integration_id as "integrationId",
       jsonb_agg(body || jsonb_build_object('change', change) order by place) as cases
     from back_test_case
     where back_test_id = $1 and change in ('new', 'sharper') and ($2::text is null or integration_id > $2)
     group by integration_id order by integration_id limit $3`,
    [backTestId, cursor ?? null, limit + 1],
  );
  return cutPage(rows, limit, ({ integrationId }) => integrationId);
}
