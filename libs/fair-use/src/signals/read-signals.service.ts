import type { EntityManager } from 'typeorm';
import type { Span } from './span.js';
import { columnsOf, ofEachTable, SIGNAL_TABLES, type SignalRows, type SignalTableName } from './tables.js';

/**
 * Reads signals by what they are about and when, of many integrations at once: each span is one walk along an index, so what is read
 * costs what it holds, however long ago the first calls were.
 */

export interface IntegrationSpan extends Span {
  readonly integrationId: string;
}
export interface AgreementSpan extends IntegrationSpan {
  readonly agreementId: string;
}

/** @param spans those of one agreement do not overlap */
export async function readOfAgreements<Name extends SignalTableName>(
  tx: EntityManager,
  table: Name,
  spans: readonly AgreementSpan[],
): Promise<SignalRows[Name][]> {
  if (spans.length === 0) return [];
  return tx.query(OF_AGREEMENTS[table], [...placesOf(spans), spans.map(({ agreementId }) => agreementId)]);
}

/**
 * Of all agreements of the integrations that called in the hours of the spans, or for which SMS were sent then.
 * @param spans those of one integration do not overlap
 */
export async function readOfAllAgreements<Name extends SignalTableName>(
  tx: EntityManager,
  table: Name,
  spans: readonly IntegrationSpan[],
): Promise<SignalRows[Name][]> {
  if (spans.length === 0) return [];
  return tx.query(OF_ALL_AGREEMENTS[table], placesOf(spans));
}

function placesOf(spans: readonly IntegrationSpan[]): [string[], number[], number[]] {
  return [
    spans.map(({ integrationId }) => integrationId),
    spans.map(({ from }) => from),
    spans.map(({ to }) => to),
  ];
}

/** The agreements of an integration that called in the hours of a span, or for which SMS were sent then; in no order. */
export async function readAgreementIds(
  tx: EntityManager,
  table: SignalTableName,
  { integrationId, from, to }: IntegrationSpan,
): Promise<string[]> {
  const rows = await tx.query<{ agreementId: string }[]>(AGREEMENTS[table], [integrationId, from, to]);
  return rows.map(({ agreementId }) => agreementId);
}

/** Which agreements of an integration there are in an hour is known from these, which have an index by time. */
const LISTS: Readonly<Record<SignalTableName, SignalTableName>> = {
  pairs: 'pairHours',
  routes: 'pairHours',
  pairHours: 'pairHours',
  routeHours: 'pairHours',
  smsMinutes: 'smsHours',
  smsHours: 'smsHours',
};

// "offset 0" keeps each span a walk of its own: tables that have just been made have no statistics, and without it they were read whole.
const SPAN = 'unnest($1::text[], $2::integer[], $3::integer[]';
const AGREEMENTS = ofEachTable(
  (_name, table) => `
    select distinct agreement_id as "agreementId" from ${SIGNAL_TABLES[LISTS[table]].name}
    where integration_id = $1 and minute >= $2 and minute < $3 + 60`,
);

const OF_AGREEMENTS = ofEachTable(
  (name, table) => `
    select signal.* from ${SPAN}, $4::text[]) as span (integration, starts, ends, agreement),
    lateral (select ${columnsOf(table)} from ${name}
             where integration_id = span.integration and agreement_id = span.agreement
               and minute >= span.starts and minute < span.ends offset 0) as signal`,
);

const OF_ALL_AGREEMENTS = ofEachTable((name, table) =>
  LISTS[table] === table
    ? `select signal.* from ${SPAN}) as span (integration, starts, ends),
       lateral (select ${columnsOf(table)} from ${name}
                where integration_id = span.integration and minute >= span.starts and minute < span.ends offset 0) as signal`
    : `select signal.* from ${SPAN}) as span (integration, starts, ends),
       lateral (select distinct agreement_id as agreement from ${SIGNAL_TABLES[LISTS[table]].name}
                where integration_id = span.integration and minute >= span.starts and minute < span.ends + 60) as listed,
       lateral (select ${columnsOf(table)} from ${name}
                where integration_id = span.integration and agreement_id = listed.agreement
                  and minute >= span.starts and minute < span.ends offset 0) as signal`,
);
