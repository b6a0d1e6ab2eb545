import type { EntityManager } from 'typeorm';
import { readSettlements } from '../breach/breach-store.service.js';
import type { Policies } from '../policy/policies.js';
import { NOTHING_AROUND } from '../rules/around.js';
import { comparedHours, hoursToCompare, minutesOfCompared } from '../rules/sms-history.js';
import {
  readOfAgreements,
  readOfAllAgreements,
  type AgreementSpan,
} from '../signals/read-signals.service.js';
import { merged } from '../signals/span.js';
import { SIGNAL_TABLE_NAMES, type SignalRows, type SignalTableName } from '../signals/tables.js';
import { isIntegrationWide, RULES } from '../rules/registry.js';
import { countActiveAgreements } from './active-agreements.service.js';
import { ofEachRule } from './judge-docket.js';
import {
  minutesToCountAt,
  spansAround,
  tablesOfAllAgreements,
  type Docket,
  type DocketRows,
  type Marks,
} from './judge.js';

/** Reads what one step of the evaluator judges: of many integrations with the statements of one. */

/**
 * @param marks by integration; of each at least one
 * @param policies any of them may judge the minutes marked
 */
export async function readDockets(
  tx: EntityManager,
  marks: ReadonlyMap<string, Marks>,
  policies: Policies,
): Promise<Docket[]> {
  const integrationIds = [...marks.keys()];
  const spans = new Map(SIGNAL_TABLE_NAMES.map((table) => [table, spansOf(marks, policies, table)]));
  const rows = new Map<SignalTableName, ReadonlyMap<string, AnyRow[]>>();
  for (const [table, asked] of spans) {
    rows.set(table, byIntegration(await readOfAgreements(tx, table, asked)));
  }
  const rowsOf = (integrationId: string) =>
    Object.fromEntries(
      SIGNAL_TABLE_NAMES.map((table) => [table, rows.get(table)!.get(integrationId) ?? []]),
    ) as unknown as DocketRows;
  const own = new Map(integrationIds.map((integrationId) => [integrationId, rowsOf(integrationId)]));
  const carried = new Map(
    [...own].map(([integrationId, ofMarked]) => [
      integrationId,
      ofEachRule(WIDE, (rule) => [...tablesOfAllAgreements(ofMarked, policies, [rule])]),
    ]),
  );
  const allAgreements = await readAllAgreements(tx, spans, carried);
  const earliest = Math.min(...[...spans.values()].flat().map(({ from }) => from));
  const settled = await readSettlements(tx, integrationIds, earliest);
  const begun = await readFirstActive(tx, integrationIds);
  const dockets: Docket[] = [];
  for (const [integrationId, { dirty, closed }] of marks) {
    const all = allAgreements.get(integrationId) ?? {};
    const hours = hoursToCompare(all.smsHours ?? [], closed, policies);
    const docket = {
      ...{ integrationId, dirty, closed, rows: own.get(integrationId)!, allAgreements: all },
      smsOfHour: await readSmsOfHours(tx, integrationId, hours),
      settled: settled.get(integrationId) ?? new Map<string, readonly number[]>(),
      ...begun.get(integrationId),
    };
    const { done, failures } = ofEachRule(ASKING, (rule) => minutesToCountAt(docket, policies, [rule]));
    const activeAgreements = await countActiveAgreements(tx, integrationId, [...new Set(done.flat())]);
    const stumbled = new Map([...carried.get(integrationId)!.failures, ...failures]);
    dockets.push({ ...docket, activeAgreements, failures: stumbled });
  }
  return dockets;
}

type AnyRow = SignalRows[SignalTableName];
const WIDE = RULES.filter(isIntegrationWide);
const ASKING = RULES.filter((rule) => rule.asksForAgreements);

function spansOf(
  marks: ReadonlyMap<string, Marks>,
  policies: Policies,
  table: SignalTableName,
): AgreementSpan[] {
  return [...marks].flatMap(([integrationId, { dirty, closed }]) =>
    [...spansAround([...dirty, ...closed], policies, table)].flatMap(([agreementId, spans]) =>
      spans.map((span) => ({ integrationId, agreementId, ...span })),
    ),
  );
}

/** @param wanted of which tables those of all agreements must be looked at, by integration */
async function readAllAgreements(
  tx: EntityManager,
  spans: ReadonlyMap<SignalTableName, readonly AgreementSpan[]>,
  wanted: ReadonlyMap<string, { readonly done: readonly SignalTableName[][] }>,
): Promise<ReadonlyMap<string, Partial<DocketRows>>> {
  const read = new Map<string, Record<string, AnyRow[]>>();
  for (const [table, asked] of spans) {
    const ids = [...wanted].filter(([, { done }]) => done.flat().includes(table)).map(([id]) => id);
    const around = ids.flatMap((integrationId) =>
      merged(asked.filter((span) => span.integrationId === integrationId)).map((span) => ({
        ...span,
        integrationId,
      })),
    );
    for (const [integrationId, rows] of byIntegration(await readOfAllAgreements(tx, table, around))) {
      read.set(integrationId, { ...read.get(integrationId), [table]: rows });
    }
  }
  return read;
}

function byIntegration(rows: readonly AnyRow[]): Map<string, AnyRow[]> {
  const grouped = new Map<string, AnyRow[]>();
  for (const row of rows) {
    const own = grouped.get(row.integrationId);
    if (own) own.push(row);
    else grouped.set(row.integrationId, [row]);
  }
  return grouped;
}

/** When integrations were active for the first time, as far as that is known. */
export async function readFirstActive(
  tx: EntityManager,
  integrationIds: readonly string[],
): Promise<ReadonlyMap<string, { readonly firstActiveAt: Date }>> {
  const rows = await tx.query<{ integrationId: string; firstActiveAt: Date }[]>(
    `select integration_id as "integrationId", first_active_at as "firstActiveAt"
     from integration_begun where integration_id = any($1)`,
    [integrationIds],
  );
  return new Map(rows.map(({ integrationId, firstActiveAt }) => [integrationId, { firstActiveAt }]));
}

/**
 * How many SMS there were in the hours against which these are held.
 * @param hours those that are held against others, by their last minutes
 */
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
