import type { EntityManager } from 'typeorm';
import type { BreachSubject } from '../breach/decide-breach.js';
import type { Policies } from '../policy/policies.js';
import { isIntegrationWide, type Rule } from '../rules/registry.js';
import {
  columnsOf,
  SIGNAL_TABLE_NAMES,
  SIGNAL_TABLES,
  type SignalRows,
  type SignalTableName,
} from '../signals/tables.js';
import { subjectOfRow } from './judge-history.js';
import { measureOf, type Carriers, type MeasureName, type Screen, type Span } from './screens.js';

/** Reads of the past what may matter: first a figure of each row, then the rows around those that do. */

/** What may break a rule: a subject, and the minutes at which to look. */
export interface Suspicion {
  readonly rule: Rule;
  readonly subject: BreachSubject;
  readonly spans: readonly Span[];
}

export type CarrierRow = {
  readonly integrationId: string;
  readonly agreementId: string;
  readonly route: string;
  readonly minutes: readonly number[];
} & Readonly<Record<string, readonly number[]>>;

/** What is looked at; all, where nothing is said. */
export interface Only {
  readonly integrationId: string;
  /** null: all of them. */
  readonly agreementIds: readonly string[] | null;
}

/** One pass over the table: its rows that have enough of any measure, by integration, agreement and route. */
export async function readCarriers(
  tx: EntityManager,
  table: SignalTableName,
  screens: readonly Screen[],
  range: Span,
  only?: Only,
): Promise<CarrierRow[]> {
  const least = new Map<MeasureName, number>();
  for (const { measure, perRow } of screens) {
    // A rule without thresholds asks for nothing, and what is measured are whole numbers.
    if (perRow < Infinity) least.set(measure, Math.min(Math.ceil(perRow), least.get(measure) ?? Infinity));
  }
  if (least.size === 0) return [];
  const reach = Math.max(...screens.map(({ windowMinutes }) => windowMinutes));
  const limits = [range.from - reach, range.to, ...least.values()];
  const chosen = only ? [only.integrationId, ...(only.agreementIds ? [only.agreementIds] : [])] : [];
  return tx.query(carriersSql(table, [...least.keys()], chosen.length), [...limits, ...chosen]);
}

/** Columns come from `screens.ts`, limits as parameters. */
function carriersSql(table: SignalTableName, measures: readonly MeasureName[], chosen: number): string {
  const { name, isByRoute } = SIGNAL_TABLES[table];
  const next = measures.length + 3;
  const only = [`integration_id = $${next}`, `agreement_id = any($${next + 1}::text[])`].slice(0, chosen);
  const route = isByRoute ? 'route' : "''";
  return `select integration_id as "integrationId", agreement_id as "agreementId", ${route} as route,
      array_agg(minute) as minutes, ${measures.map((measure) => `array_agg(screened.${measure}::float8) as ${measure}`).join(', ')}
    from ${name}, lateral (select ${measures.map((measure) => `${measureOf(measure).sql} as ${measure}`).join(', ')}) as screened
    where ${[...only, 'minute >= $1', 'minute < $2'].join(' and ')}
      and (${measures.map((measure, index) => `screened.${measure} >= $${index + 3}`).join(' or ')})
    group by 1, 2, 3`;
}

/** The carriers of each subject of a rule: those of all agreements together, where the rule does not tell them apart. */
export function* grouped(rule: Rule, rows: readonly CarrierRow[]) {
  const subjects = new Map<string, { subject: BreachSubject; rows: CarrierRow[] }>();
  for (const row of rows) {
    const subject = subjectOfRow(rule, row);
    const key = JSON.stringify(subject);
    const known = subjects.get(key);
    if (known) known.rows.push(row);
    else subjects.set(key, { subject, rows: [row] });
  }
  for (const { subject, rows: own } of subjects.values()) {
    const carriersOf = (measure: MeasureName): Carriers => ({
      minutes: own.flatMap(({ minutes }) => minutes),
      values: own.flatMap((row) => row[measure] ?? []),
    });
    yield { subject, carriersOf };
  }
}

type AnyRow = SignalRows[SignalTableName];

/** All rows that a verdict on the suspected minutes looks at. */
export async function readAround(
  tx: EntityManager,
  integrationId: string,
  suspicions: readonly Suspicion[],
  policies: readonly Policies[],
): Promise<Map<SignalTableName, AnyRow[]>> {
  const all = policies.flatMap((one) => one.all);
  const read = new Map<SignalTableName, AnyRow[]>();
  for (const table of new Set(suspicions.map(({ rule }) => rule.signals))) {
    const own = suspicions.filter(({ rule }) => rule.signals === table);
    const spans = merged(
      own.flatMap(({ rule, spans: suspected }) => {
        const reach = Math.max(...all.map((policy) => rule.windowMinutes(policy)));
        return suspected.map(({ from, to }) => ({ from: from - reach + 1, to }));
      }),
    );
    read.set(
      table,
      await tx.query<AnyRow[]>(AROUND[table], [
        integrationId,
        spans[0]?.from ?? 0,
        spans.at(-1)?.to ?? 0,
        spans.flatMap(({ from, to }) => [from, to]),
      ]),
    );
  }
  return read;
}

// Between the begin and the end of a span the place among all of these is odd. One pass over the integration: a join with the spans
// would go through its rows once for each.
const AROUND = Object.fromEntries(
  SIGNAL_TABLE_NAMES.map((table) => [
    table,
    `select ${columnsOf(table)} from ${SIGNAL_TABLES[table].name}
     where integration_id = $1 and minute >= $2 and minute < $3 and width_bucket(minute, $4::integer[]) % 2 = 1`,
  ]),
) as Readonly<Record<SignalTableName, string>>;

export function merged(spans: readonly Span[]): Span[] {
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of spans.toSorted((left, right) => left.from - right.from)) {
    const before = joined.at(-1);
    if (before && from <= before.to) before.to = Math.max(before.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

/** Those of the rows read that a verdict on a subject looks at. */
export function rowsOfSubject(
  { rule, subject }: Pick<Suspicion, 'rule' | 'subject'>,
  read: ReadonlyMap<SignalTableName, readonly AnyRow[]>,
): AnyRow[] {
  return (read.get(rule.signals) ?? []).filter(
    (row) =>
      (isIntegrationWide(rule) || row.agreementId === subject.agreementId) &&
      (subject.route === '' || ('route' in row && row.route === subject.route)),
  );
}
