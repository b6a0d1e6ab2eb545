import type { EntityManager } from 'typeorm';
import type { BreachSubject } from '../breach/decide-breach.js';
import { countActiveAgreements } from '../evaluation/active-agreements.service.js';
import { readFirstActive, readSmsOfHours } from '../evaluation/docket.service.js';
import type { Policies } from '../policy/policies.js';
import { modeOf } from '../policy/policy.js';
import { NOTHING_AROUND } from '../rules/around.js';
import { isIntegrationWide, RULES, type Rule } from '../rules/registry.js';
import { hoursToCompare } from '../rules/sms-history.js';
import { readOfAgreements, readOfAllAgreements } from '../signals/read-signals.service.js';
import { merged, type Span } from '../signals/span.js';
import {
  SIGNAL_TABLE_NAMES,
  SIGNAL_TABLES,
  type SignalRows,
  type SignalTableName,
  type SmsHour,
} from '../signals/tables.js';
import { casesOf, compareCases, type ComparedCase } from './historic-cases.js';
import { judgeHistory, subjectOfRow, type History } from './judge-history.js';
import {
  measureOf,
  screenOf,
  suspectSpans,
  type Carriers,
  type MeasureName,
  type Screen,
} from './screens.js';

/**
 * Runs two policies over the signals of a time: one pass over each table finds the rows that matter, then what lies around these is
 * read and judged, integration by integration.
 */

/** What may break a rule: a subject, and the minutes at which to look. */
interface Suspicion {
  readonly rule: Rule;
  readonly subject: BreachSubject;
  readonly spans: readonly Span[];
}

export interface BackTestInput {
  readonly candidate: Policies;
  readonly today: Policies;
  readonly range: Span;
}

export type Suspicions = ReadonlyMap<string, readonly Suspicion[]>;

/** By integration. */
export async function findSuspicions(
  tx: EntityManager,
  { candidate, today, range }: BackTestInput,
): Promise<Suspicions> {
  const found = new Map<string, Suspicion[]>();
  const policies = [...new Set([...candidate.all, ...today.all])];
  for (const table of SIGNAL_TABLE_NAMES) {
    const rules = RULES.filter(
      ({ id, signals }) => signals === table && policies.some((policy) => modeOf(policy, id) === 'on'),
    );
    const screens = rules.flatMap((rule) =>
      policies.map((policy) => ({ rule, screen: screenOf(rule.id, policy) })),
    );
    if (screens.length === 0) continue;
    const reach = Math.max(...screens.map(({ screen }) => screen.windowMinutes));
    const around = { from: range.from - reach, to: range.to };
    const subjects = await readCarriers(tx, table, sievesOf(screens), around);
    for (const rule of rules) {
      const own = screens.filter((entry) => entry.rule === rule).map(({ screen }) => screen);
      for (const { subject, carriersOf } of grouped(rule, subjects)) {
        const spans = merged(own.flatMap((screen) => suspectSpans(carriersOf(screen.measure), screen)));
        const suspicion = { rule, subject, spans: within(spans, range) };
        if (suspicion.spans.length === 0) continue;
        const known = found.get(subject.integrationId);
        if (known) known.push(suspicion);
        else found.set(subject.integrationId, [suspicion]);
      }
    }
  }
  return found;
}

type CarrierRow = {
  readonly integrationId: string;
  readonly agreementId: string;
  readonly route: string;
} & Readonly<Record<`${string}_minutes` | `${string}_values`, readonly number[] | null>>;

/** What any of several screens lets through of one measure. */
interface Sieve {
  readonly measure: MeasureName;
  /** Of a row … */
  readonly perRow: number;
  /** … and of all rows of an agreement and route together: how many there are, and how much. */
  readonly rows: number;
  readonly sum: number;
}

function sievesOf(screens: readonly { readonly rule: Rule; readonly screen: Screen }[]): Sieve[] {
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
  return [...sieves.values()];
}

/** One pass over the table: its rows that have enough of any measure, by integration, agreement and route. */
async function readCarriers(
  tx: EntityManager,
  table: SignalTableName,
  sieves: readonly Sieve[],
  { from, to }: Span,
): Promise<CarrierRow[]> {
  const limits = sieves.flatMap(({ perRow, rows, sum }) => [perRow, rows, sum]);
  return tx.query(carriersSql(table, sieves), [from, to, ...limits]);
}

/**
 * Columns come from `screens.ts`, limits as parameters. "offset 0": one pass over the table in the order in which it lies; to group it, it
 * was read through its index, which takes four times as long.
 */
function carriersSql(table: SignalTableName, sieves: readonly Sieve[]): string {
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
          from ${name} where minute >= $1 and minute < $2 and (${joined('isCarrier', ' or ')}) offset 0) as carrier
    group by 1, 2, 3 having ${joined('isEnough', ' or ')}`;
}

/** The carriers of each subject of a rule: those of all agreements together, where the rule does not tell them apart. */
function* grouped(rule: Rule, rows: readonly CarrierRow[]) {
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

/** Judges one integration under both policies. */
export async function compareIntegration(
  tx: EntityManager,
  integrationId: string,
  suspicions: readonly Suspicion[],
  { candidate, today }: BackTestInput,
): Promise<ComparedCase[]> {
  const rows = await readAround(tx, integrationId, suspicions, [candidate, today]);
  const begun = (await readFirstActive(tx, [integrationId])).get(integrationId);
  const compared: ComparedCase[] = [];
  for (const { rule, subject, spans } of suspicions) {
    const own = (rows.get(rule.signals) ?? []).filter(
      (row) =>
        (isIntegrationWide(rule) || row.agreementId === subject.agreementId) &&
        (subject.route === '' || ('route' in row && row.route === subject.route)),
    );
    const alone = { rows: own, spans, ...begun, around: () => NOTHING_AROUND };
    const history = { ...alone, around: await aroundOf(tx, rule, subject, alone, [candidate, today]) };
    const casesUnder = (policies: Policies) => {
      const { reopenWithinMs } = policies.all.at(-1)!;
      return casesOf(rule.id, subject, judgeHistory(rule, subject, history, policies), reopenWithinMs);
    };
    compared.push(...compareCases(casesUnder(candidate), casesUnder(today)));
  }
  return compared;
}

/** What a rule may ask of the time outside its window, for the minutes on which it would find something without. */
async function aroundOf(
  tx: EntityManager,
  rule: Rule,
  subject: BreachSubject,
  alone: History,
  policies: readonly Policies[],
): Promise<History['around']> {
  const minutes = new Set<number>();
  if (rule.asksForAgreements) {
    for (const each of policies) {
      for (const { minute } of judgeHistory(rule, subject, alone, each)) minutes.add(minute);
    }
  }
  const active = await countActiveAgreements(tx, subject.integrationId, [...minutes]);
  const smsRows = rule.signals === 'smsHours' ? (alone.rows as readonly SmsHour[]) : [];
  const hours = new Set(policies.flatMap((each) => hoursToCompare(smsRows, smsRows, each)));
  const smsOfHour = await readSmsOfHours(tx, subject.integrationId, [...hours]);
  return (minute) => ({ activeAgreements: active.get(minute) ?? 0, smsOfHour });
}

type AnyRow = SignalRows[SignalTableName];

/** All rows that a verdict on the suspected minutes looks at. */
async function readAround(
  tx: EntityManager,
  integrationId: string,
  suspicions: readonly Suspicion[],
  policies: readonly Policies[],
): Promise<Map<SignalTableName, AnyRow[]>> {
  const all = policies.flatMap((one) => one.all);
  const read = new Map<SignalTableName, AnyRow[]>();
  for (const table of new Set(suspicions.map(({ rule }) => rule.signals))) {
    const own = suspicions.filter(({ rule }) => rule.signals === table);
    const spansOf = (asked: readonly Suspicion[]) =>
      merged(
        asked.flatMap(({ rule, spans }) => {
          const reach = Math.max(...all.map((policy) => rule.windowMinutes(policy)));
          return spans.map(({ from, to }) => ({ from: from - reach + 1, to }));
        }),
      );
    if (own.some(({ rule }) => isIntegrationWide(rule))) {
      const spans = spansOf(own).map((span) => ({ integrationId, ...span }));
      read.set(table, await readOfAllAgreements(tx, table, spans));
    } else {
      const agreementIds = [...new Set(own.map(({ subject }) => subject.agreementId))];
      const spans = agreementIds.flatMap((agreementId) =>
        spansOf(own.filter(({ subject }) => subject.agreementId === agreementId)).map((span) => ({
          ...{ integrationId, agreementId },
          ...span,
        })),
      );
      read.set(table, await readOfAgreements(tx, table, spans));
    }
  }
  return read;
}

function within(spans: readonly Span[], { from, to }: Span): Span[] {
  return spans
    .map((span) => ({ from: Math.max(from, span.from), to: Math.min(to, span.to) }))
    .filter((span) => span.from < span.to);
}
