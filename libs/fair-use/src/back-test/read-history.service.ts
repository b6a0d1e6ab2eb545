import type { EntityManager } from 'typeorm';
import type { BreachSubject } from '../breach/decide-breach.js';
import type { Policies } from '../policy/policies.js';
import { isIntegrationWide, type Rule } from '../rules/registry.js';
import { readAgreementIds, readOfAgreements, readOfAllAgreements } from '../signals/read-signals.service.js';
import { merged, type Span } from '../signals/span.js';
import { SIGNAL_TABLES, type SignalRows, type SignalTableName } from '../signals/tables.js';
import { subjectOfRow } from './judge-history.js';
import { measureOf, type Carriers, type MeasureName, type Screen } from './screens.js';

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
} & Readonly<Record<`${string}_minutes` | `${string}_values`, readonly number[] | null>>;

/** What is looked at; all, where nothing is said. */
export interface Only {
  readonly integrationId: string;
  /** null: all of them. */
  readonly agreementIds: readonly string[] | null;
}

export interface ScreenOfRule {
  readonly rule: Rule;
  readonly screen: Screen;
}

/** What any of several screens lets through of one measure. */
interface Sieve {
  readonly measure: MeasureName;
  /** Of a row … */
  readonly perRow: number;
  /** … and of all rows of an agreement and route together: how many there are, and how much. */
  readonly rows: number;
  readonly sum: number;
}

function sievesOf(screens: readonly ScreenOfRule[]): Sieve[] {
  const sieves = new Map<MeasureName, Sieve>();
  for (const { rule, screen } of screens) {
    const { measure, perRow } = screen;
    // What an integration does on all agreements together may be little on each.
    const { rows, sum } = isIntegrationWide(rule) ? { rows: 1, sum: 0 } : screen;
    const known = sieves.get(measure) ?? { perRow, rows, sum };
    sieves.set(measure, {
      measure,
      perRow: Math.min(known.perRow, perRow),
      rows: Math.min(known.rows, rows),
      sum: Math.min(known.sum, sum),
    });
  }
  // A rule without thresholds asks for nothing.
  return [...sieves.values()].filter(({ perRow }) => perRow < Infinity);
}

/** One pass over the table: its rows that have enough of any measure, by integration, agreement and route. */
export async function readCarriers(
  tx: EntityManager,
  table: SignalTableName,
  screens: readonly ScreenOfRule[],
  range: Span,
  only?: Only,
): Promise<CarrierRow[]> {
  const sieves = sievesOf(screens);
  if (sieves.length === 0) return [];
  const reach = Math.max(...screens.map(({ screen }) => screen.windowMinutes));
  const span = { from: range.from - reach, to: range.to };
  const limits = [span.from, span.to, ...sieves.flatMap(({ perRow, rows, sum }) => [perRow, rows, sum])];
  if (!only) return tx.query(carriersSql(table, sieves, ''), limits);
  const { integrationId } = only;
  const agreementIds = only.agreementIds ?? (await readAgreementIds(tx, table, { integrationId, ...span }));
  const place = limits.length + 1;
  const chosen = `integration_id = $${place} and agreement_id = any($${place + 1}::text[]) and`;
  return tx.query(carriersSql(table, sieves, chosen), [...limits, integrationId, agreementIds]);
}

/**
 * Columns come from `screens.ts`, limits as parameters. "offset 0": one pass over the table in the order in which it lies; to group it, it
 * was read through its index, which takes four times as long.
 */
function carriersSql(table: SignalTableName, sieves: readonly Sieve[], chosen: string): string {
  const { name, isByRoute } = SIGNAL_TABLES[table];
  const parts = sieves.map(({ measure }, index) => {
    const { sql, atMostSql } = measureOf(measure);
    const [perRow, rows, sum] = [3, 4, 5].map((place) => `$${place + index * 3}::float8`);
    const carrying = `filter (where ${measure} >= ${perRow})`;
    return {
      column: `${sql} as ${measure}`,
      isCarrier: atMostSql ? `(${atMostSql} >= ${perRow} and ${sql} >= ${perRow})` : `${sql} >= ${perRow}`,
      lists: `json_agg(minute) ${carrying} as ${measure}_minutes, json_agg(${measure}) ${carrying} as ${measure}_values`,
      isEnough: `(count(*) ${carrying} >= ${rows} and sum(${measure}) ${carrying} >= ${sum})`,
    };
  });
  const joined = (part: keyof (typeof parts)[number], by: string) => parts.map((each) => each[part]).join(by);
  return `select integration_id as "integrationId", agreement_id as "agreementId", route, ${joined('lists', ', ')}
    from (select integration_id, agreement_id, ${isByRoute ? 'route' : "'' as route"}, minute, ${joined('column', ', ')}
          from ${name} where ${chosen} minute >= $1 and minute < $2 and (${joined('isCarrier', ' or ')}) offset 0) as carrier
    group by 1, 2, 3 having ${joined('isEnough', ' or ')}`;
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
      minutes: own.flatMap((row) => row[`${measure}_minutes`] ?? []),
      values: own.flatMap((row) => row[`${measure}_values`] ?? []),
    });
    yield { subject, carriersOf };
  }
}

type AnyRow = SignalRows[SignalTableName];

/** Rows of the past, by table: those of the agreements suspected, and those of all agreements for rules that judge them together. */
export interface HistoryRows {
  readonly ofAgreements: ReadonlyMap<SignalTableName, readonly AnyRow[]>;
  readonly ofAll: ReadonlyMap<SignalTableName, readonly AnyRow[]>;
}

/** All rows that a verdict on the suspected minutes looks at. */
export async function readAround(
  tx: EntityManager,
  integrationId: string,
  suspicions: readonly Suspicion[],
  policies: readonly Policies[],
): Promise<HistoryRows> {
  const all = policies.flatMap((one) => one.all);
  const spansOf = (asked: readonly Suspicion[]) =>
    merged(
      asked.flatMap(({ rule, spans }) => {
        const reach = Math.max(...all.map((policy) => rule.windowMinutes(policy)));
        return spans.map(({ from, to }) => ({ from: from - reach + 1, to }));
      }),
    );
  const ofAgreements = new Map<SignalTableName, AnyRow[]>();
  const ofAll = new Map<SignalTableName, AnyRow[]>();
  for (const table of new Set(suspicions.map(({ rule }) => rule.signals))) {
    const own = suspicions.filter(({ rule }) => rule.signals === table);
    const wide = own.filter(({ rule }) => isIntegrationWide(rule));
    const narrow = own.filter(({ rule }) => !isIntegrationWide(rule));
    const wideSpans = spansOf(wide).map((span) => ({ integrationId, ...span }));
    ofAll.set(table, await readOfAllAgreements(tx, table, wideSpans));
    const agreementIds = [...new Set(narrow.map(({ subject }) => subject.agreementId))];
    const spans = agreementIds.flatMap((agreementId) =>
      spansOf(narrow.filter(({ subject }) => subject.agreementId === agreementId)).map((span) => ({
        ...{ integrationId, agreementId },
        ...span,
      })),
    );
    ofAgreements.set(table, await readOfAgreements(tx, table, spans));
  }
  return { ofAgreements, ofAll };
}

/** Those of the rows read that a verdict on a subject looks at. */
export function rowsOfSubject(
  { rule, subject }: Pick<Suspicion, 'rule' | 'subject'>,
  { ofAgreements, ofAll }: HistoryRows,
): readonly AnyRow[] {
  if (isIntegrationWide(rule)) return ofAll.get(rule.signals) ?? [];
  return (ofAgreements.get(rule.signals) ?? []).filter(
    (row) =>
      row.agreementId === subject.agreementId &&
      (subject.route === '' || ('route' in row && row.route === subject.route)),
  );
}
