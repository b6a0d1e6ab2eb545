import type { EntityManager } from 'typeorm';
import { readSettlements } from '../breach/breach-store.service.js';
import type { Policies } from '../policy/policies.js';
import { NOTHING_AROUND } from '../rules/around.js';
import { comparedHours, hoursToCompare, minutesOfCompared } from '../rules/sms-history.js';
import { columnsOf, SIGNAL_TABLE_NAMES, SIGNAL_TABLES, type SignalTableName } from '../signals/tables.js';
import { countActiveAgreements } from './active-agreements.service.js';
import {
  minutesAround,
  minutesToCountAt,
  tablesOfAllAgreements,
  type DirtyMinute,
  type Docket,
  type DocketRows,
} from './judge.js';

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

/** @param policies any of them may judge the minutes marked */
export async function readDocket(
  tx: EntityManager,
  integrationId: string,
  { dirty, closed }: Pick<Docket, 'dirty' | 'closed'>,
  policies: Policies,
): Promise<Docket> {
  const marks = [...dirty, ...closed];
  const agreementIds = [...new Set(marks.map((mark) => mark.agreementId))];
  const minutes = (table: SignalTableName) => minutesAround(marks, policies, table);
  const rows = (await readRows(tx, SIGNAL_TABLE_NAMES, integrationId, agreementIds, minutes)) as DocketRows;
  const allAgreements = await readRows(
    tx,
    tablesOfAllAgreements(rows, policies),
    integrationId,
    null,
    minutes,
  );
  const hours = hoursToCompare(allAgreements.smsHours ?? [], closed, policies);
  const smsOfHour = await readSmsOfHours(tx, integrationId, hours);
  const earliest = Math.min(...SIGNAL_TABLE_NAMES.flatMap(minutes));
  const settled = await readSettlements(tx, integrationId, earliest);
  const begun = await readFirstActive(tx, integrationId);
  const docket = { integrationId, dirty, closed, rows, allAgreements, smsOfHour, settled, ...begun };
  const asked = minutesToCountAt(docket, policies);
  return { ...docket, activeAgreements: await countActiveAgreements(tx, integrationId, asked) };
}

/** When an integration was active for the first time, as far as that is known. */
export async function readFirstActive(
  tx: EntityManager,
  integrationId: string,
): Promise<Pick<Docket, 'firstActiveAt'>> {
  const [known] = await tx.query<{ firstActiveAt: Date }[]>(
    'select first_active_at as "firstActiveAt" from integration_begun where integration_id = $1',
    [integrationId],
  );
  return known ?? {};
}

const SELECTS = Object.fromEntries(
  SIGNAL_TABLE_NAMES.map((table) => [
    table,
    `select ${columnsOf(table)} from ${SIGNAL_TABLES[table].name}
     where integration_id = $1 and minute = any($2) and ($3::text[] is null or agreement_id = any($3))`,
  ]),
) as Readonly<Record<SignalTableName, string>>;

/** @param hours those that are held against others, by their last minutes */
/** How many SMS there were in the hours against which these are held. */
export async function readSmsOfHours(
  tx: EntityManager,
  integrationId: string,
  hours: readonly number[],
): Promise<Docket['smsOfHour']> {
  if (hours.length === 0) return NOTHING_AROUND.smsOfHour;
  const compared = new Set(hours.flatMap((hour) => minutesOfCompared(comparedHours(hour))));
  const rows = await tx.query<{ minute: number; sms: number }[]>(
    `select minute, sum(sms)::bigint as sms from signal_sms_hour
     where integration_id = $1 and minute = any($2) group by minute`,
    [integrationId, [...compared]],
  );
  const byHour = new Map(rows.map(({ minute, sms }) => [minute, sms]));
  return (minute) => byHour.get(minute) ?? 0;
}

/** @param agreementIds null: of all */
async function readRows(
  tx: EntityManager,
  tables: Iterable<SignalTableName>,
  integrationId: string,
  agreementIds: readonly string[] | null,
  minutesOf: (table: SignalTableName) => number[],
): Promise<Partial<DocketRows>> {
  const read: Partial<Record<SignalTableName, unknown>> = {};
  for (const table of tables) {
    read[table] = await tx.query(SELECTS[table], [integrationId, minutesOf(table), agreementIds]);
  }
  return read as Partial<DocketRows>;
}

/**
 * One evaluator at a time for an integration, and nobody who settles a case of it meanwhile; until the transaction ends.
 */
export async function lockEvaluation(tx: EntityManager, integrationId: string): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(7340010, hashtext(current_schema() || $1))', [integrationId]);
}
