import type { EntityManager } from 'typeorm';
import type { BreachSubject } from '../breach/decide-breach.js';
import { countActiveAgreements } from '../evaluation/active-agreements.service.js';
import { readFirstActive, readSmsOfHours } from '../evaluation/docket.service.js';
import type { Policies } from '../policy/policies.js';
import { modeOf } from '../policy/policy.js';
import { NOTHING_AROUND } from '../rules/around.js';
import { RULES, type Rule } from '../rules/registry.js';
import { hoursToCompare } from '../rules/sms-history.js';
import { merged, type Span } from '../signals/span.js';
import { SIGNAL_TABLE_NAMES, type SmsHour } from '../signals/tables.js';
import { casesOf, compareCases, type ComparedCase } from './historic-cases.js';
import { judgeHistory, type History } from './judge-history.js';
import { grouped, readAround, readCarriers, rowsOfSubject, type Suspicion } from './read-history.service.js';
import { screenOf, suspectSpans } from './screens.js';

/**
 * Runs two policies over the signals of a time: one pass over each table finds the rows that matter, then what lies around these is
 * read and judged, integration by integration.
 */

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
  const both = [candidate, today];
  const variantsOf = (integrationId: string) => [
    ...new Set(both.flatMap((policies) => policies.variantsOf(integrationId))),
  ];
  const agreedWith = both.flatMap((policies) => policies.agreedWith);
  // What is agreed with one integration may be sharper than what holds for all: its rows must be among those read.
  const all = [...new Set(['', ...agreedWith].flatMap(variantsOf))];
  for (const table of SIGNAL_TABLE_NAMES) {
    const rules = RULES.filter(
      ({ id, signals }) => signals === table && all.some((policy) => modeOf(policy, id) === 'on'),
    );
    const screens = rules.flatMap((rule) =>
      all.map((policy) => ({ rule, screen: screenOf(rule.id, policy) })),
    );
    const subjects = await readCarriers(tx, table, screens, range);
    for (const rule of rules) {
      for (const { subject, carriersOf } of grouped(rule, subjects)) {
        const own = variantsOf(subject.integrationId).map((policy) => screenOf(rule.id, policy));
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
    const own = rowsOfSubject({ rule, subject }, rows);
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

function within(spans: readonly Span[], { from, to }: Span): Span[] {
  return spans
    .map((span) => ({ from: Math.max(from, span.from), to: Math.min(to, span.to) }))
    .filter((span) => span.from < span.to);
}
