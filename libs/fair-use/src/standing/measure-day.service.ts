import type { EntityManager } from 'typeorm';
import { judgeHistory, type HistoricFinding } from '../back-test/judge-history.js';
import {
  grouped,
  readAround,
  readCarriers,
  type CarrierRow,
  type Suspicion,
} from '../back-test/read-history.service.js';
import { screenOf, suspectSpans, type Carriers, type MeasureName } from '../back-test/screens.js';
import type { BreachSubject } from '../breach/decide-breach.js';
import { countActiveAgreements } from '../evaluation/active-agreements.service.js';
import { readSmsOfHours } from '../evaluation/docket.service.js';
import type { AnyRow } from '../evaluation/judge.js';
import type { Policies } from '../policy/policies.js';
import { modeOf, type RuleId } from '../policy/policy.js';
import { NOTHING_AROUND } from '../rules/around.js';
import { isIntegrationWide, RULES, type Rule } from '../rules/registry.js';
import { SIGNAL_TABLE_NAMES, type SignalTableName } from '../signals/tables.js';
import { askingAt, LEAST_SHARE, mildestOnly, RATIOS } from './asking.js';
import type { Day } from './days.js';
import { isNearer, shareOf, type Reached } from './standing.js';

/**
 * Measures how near an integration came to its limits. The rules are asked at a share of their thresholds: at the highest share at
 * which the screens of back-tests suspect something, and lower until something is found. So of a month of minutes those few are judged
 * that came nearest, and what is told is what the rule itself measured.
 */

/** A day, and the agreements that are looked at on it. */
export interface DayToMeasure extends Day {
  readonly agreementIds: readonly string[];
}

/** Of a rule and a subject of it: the figures by which it is screened, ascending. */
interface Subject {
  readonly subject: BreachSubject;
  readonly carriersOf: (measure: MeasureName) => Carriers;
}

/** What is looked for: the nearest that a rule came to its limit on a day. */
interface Search {
  readonly rule: Rule;
  readonly day: DayToMeasure;
  readonly subjects: readonly Subject[];
}

/** In no order. */
export async function measureDay(
  tx: EntityManager,
  integrationId: string,
  policies: Policies,
  day: DayToMeasure,
): Promise<readonly Reached[]> {
  const found: Reached[] = [];
  const asking = RATIOS.map((ratio) => askingAt(policies, ratio));
  const lowest = RATIOS.length - 1;
  let open = (await searchesOf(tx, integrationId, asking[lowest]!, day)).flatMap((search) => {
    const place = search.rule.limitAround ? lowest : highestSuspected(search, asking, 0);
    return place === null ? [] : [{ search, place }];
  });
  while (open.length > 0) {
    const suspected = open.map(({ search, place }) => suspicionsOf(search, asking[place]!));
    const rows = await readRows(tx, integrationId, suspected.flat(), policies);
    const next: typeof open = [];
    for (const [index, { search, place }] of open.entries()) {
      const { rule } = search;
      const findings = suspected[index]!.flatMap(({ subject, spans }) =>
        judgeHistory(
          rule,
          subject,
          { rows: rows(rule, subject), spans, around: () => NOTHING_AROUND },
          asking[place]!,
        ).map((finding) => ({ ...finding, subject })),
      );
      const nearest = await nearestOf(tx, rule, findings, RATIOS[place]!, policies);
      if (nearest) found.push(nearest);
      else if (place < lowest) {
        // The screens of some rules let much through: then all that is suspected is judged, once.
        next.push({ search, place: lowest });
      }
    }
    open = next;
  }
  return found;
}

async function searchesOf(
  tx: EntityManager,
  integrationId: string,
  lowest: Policies,
  day: DayToMeasure,
): Promise<Search[]> {
  const variants = lowest.variantsOf(integrationId);
  const judging = RULES.filter(({ id }) => variants.some((policy) => modeOf(policy, id) === 'on'));
  const searches: Search[] = [];
  for (const table of SIGNAL_TABLE_NAMES) {
    for (const isWide of [true, false]) {
      const rules = judging.filter((rule) => rule.signals === table && isIntegrationWide(rule) === isWide);
      const screens = rules.flatMap((rule) =>
        variants.map((policy) => ({ rule, screen: screenOf(rule.id, policy) })),
      );
      const only = { integrationId, agreementIds: isWide ? null : day.agreementIds };
      const rows = await readCarriers(tx, table, screens, day, only);
      searches.push(...rules.map((rule) => ({ rule, day, subjects: subjectsOf(rule, rows) })));
    }
  }
  return searches;
}

function subjectsOf(rule: Rule, rows: readonly CarrierRow[]): Subject[] {
  return [...grouped(rule, rows)].map(({ subject, carriersOf }) => {
    const known = new Map<MeasureName, Carriers>();
    return {
      subject,
      carriersOf: (measure) => {
        let own = known.get(measure);
        if (!own) known.set(measure, (own = carriersOf(measure)));
        return own;
      },
    };
  });
}

/** The place of the highest share, from a place on, at which something is suspected: at every lower one it is, too. */
function highestSuspected(search: Search, asking: readonly Policies[], from: number): number | null {
  let [low, high] = [from, asking.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (suspicionsOf(search, asking[middle]!).length > 0) high = middle;
    else low = middle + 1;
  }
  return low < asking.length ? low : null;
}

function suspicionsOf({ rule, day, subjects }: Search, policies: Policies): Suspicion[] {
  return subjects.flatMap(({ subject, carriersOf }) => {
    const screens = policies.variantsOf(subject.integrationId).map((policy) => screenOf(rule.id, policy));
    const spans = screens.flatMap((screen) => suspectSpans(carriersOf(screen.measure), screen));
    const own = spans
      .map(({ from, to }) => ({ from: Math.max(from, day.from), to: Math.min(to, day.to) }))
      .filter(({ from, to }) => from < to)
      .sort((left, right) => left.from - right.from);
    return own.length > 0 ? [{ rule, subject, spans: own }] : [];
  });
}

type FindRows = (rule: Rule, subject: BreachSubject) => readonly AnyRow[];

/** What the verdicts on suspected minutes look at; of a subject without going through all of it. */
async function readRows(
  tx: EntityManager,
  integrationId: string,
  suspicions: readonly Suspicion[],
  policies: Policies,
): Promise<FindRows> {
  const read = await readAround(tx, integrationId, suspicions, [policies]);
  const keyOf = (table: SignalTableName, { agreementId, route = '' }: Omit<AnyRow, 'minute'>) =>
    JSON.stringify([table, agreementId, route]);
  const own = new Map<string, AnyRow[]>();
  for (const [table, rows] of read.ofAgreements) {
    for (const row of rows) {
      const key = keyOf(table, row);
      const known = own.get(key);
      if (known) known.push(row);
      else own.set(key, [row]);
    }
  }
  return (rule, subject) =>
    isIntegrationWide(rule)
      ? (read.ofAll.get(rule.signals) ?? [])
      : (own.get(keyOf(rule.signals, subject)) ?? []);
}

type Found = HistoricFinding & { readonly subject: BreachSubject };

/** Of so many minutes is asked what is around them; how many agreements are active hardly changes within a day. */
const MOST_ASKED_AROUND = 24;

/** What happens once is no repetition. */
const ONCE: ReadonlySet<RuleId> = new Set(['SMS_REPEAT', 'DUPLICATE_READS']);

async function nearestOf(
  tx: EntityManager,
  rule: Rule,
  findings: readonly Found[],
  ratio: number,
  policies: Policies,
): Promise<Reached | null> {
  if (findings.length === 0) return null;
  const measured = rule.limitAround
    ? await heldAgainstAround(tx, rule, rule.limitAround, findings, policies)
    : findings.map((finding) => reachedBy(rule, finding, limitAt(finding.verdict.threshold, ratio)));
  const told = measured.filter(
    ({ share, value }) => share >= LEAST_SHARE && value > (ONCE.has(rule.id) ? 1 : 0),
  );
  return told.reduce<Reached | null>(
    (nearest, next) => (nearest && !isNearer(next, nearest) ? nearest : next),
    null,
  );
}

/** Thresholds at a share of themselves are kept to six decimals. */
function limitAt(scaled: number, ratio: number): number {
  return Math.round((scaled / ratio) * 1000) / 1000;
}

async function heldAgainstAround(
  tx: EntityManager,
  rule: Rule,
  limitAround: NonNullable<Rule['limitAround']>,
  findings: readonly Found[],
  policies: Policies,
): Promise<Reached[]> {
  const { integrationId, agreementId } = findings[0]!.subject;
  const highest = findings
    .toSorted((left, right) => right.verdict.value - left.verdict.value || left.minute - right.minute)
    .slice(0, MOST_ASKED_AROUND);
  const minutes = highest.map(({ minute }) => minute);
  const active = rule.asksForAgreements
    ? await countActiveAgreements(tx, integrationId, minutes)
    : new Map<number, number>();
  const smsOfHour = await readSmsOfHours(tx, integrationId, rule.signals === 'smsHours' ? minutes : []);
  return highest.map((finding) => {
    const { minute } = finding;
    const around = { activeAgreements: active.get(minute) ?? 0, smsOfHour };
    const policy = mildestOnly(policies.at(integrationId, agreementId, minute));
    return reachedBy(rule, finding, limitAround(policy, minute, around));
  });
}

function reachedBy(rule: Rule, { verdict, subject }: Found, limit: number): Reached {
  const { value, unit, windowEnd } = verdict;
  const { agreementId, route } = subject;
  return {
    ...{ ruleId: rule.id, share: shareOf(value, limit), value, limit, unit, agreementId, route },
    at: windowEnd,
  };
}
