import type { BreachSubject } from '../breach/decide-breach.js';
import {
  carriersOf,
  countingRows,
  longestWindow,
  policyFor,
  type AnyRow,
  type GenericRule,
} from '../evaluation/judge.js';
import type { Policies } from '../policy/policies.js';
import { modeOf } from '../policy/policy.js';
import type { Around } from '../rules/around.js';
import { isIntegrationWide, type Rule } from '../rules/registry.js';
import type { Verdict } from '../rules/verdict.js';
import type { Span } from '../signals/span.js';

/**
 * Judges what lies behind us, minute by minute, as if it happened now and all of it were known: every minute is closed, nothing was
 * settled, and nobody has to be told. A rule in shadow tells nobody, so it finds nothing here.
 */

/** What a rule found on a minute of one subject. */
export interface HistoricFinding {
  readonly minute: number;
  readonly verdict: Verdict;
}

export function subjectOfRow(
  rule: Rule,
  { integrationId, agreementId, route }: Omit<AnyRow, 'minute'>,
): BreachSubject {
  return {
    integrationId,
    agreementId: isIntegrationWide(rule) ? '' : agreementId,
    route: rule.key.includes('route') ? (route ?? '') : '',
  };
}

export interface History {
  /** Of one subject, as far back from the spans as the longest window reaches, in any order. */
  readonly rows: readonly AnyRow[];
  /** Ascending; the minutes with rows in them are judged. */
  readonly spans: readonly Span[];
  readonly around: (minute: number) => Around;
  /** When the integration was active for the first time; absent: nobody knows. */
  readonly firstActiveAt?: Date;
}

export function judgeHistory(
  rule: Rule,
  subject: BreachSubject,
  history: History,
  policies: Policies,
): HistoricFinding[] {
  const { judge } = rule as GenericRule;
  const counting = countingRows(rule, subject.integrationId, history.rows, policies);
  const own = counting.toSorted((left, right) => left.minute - right.minute);
  const judged = isIntegrationWide(rule) ? carriersOf(rule as GenericRule, own, policies) : own;
  const reach = longestWindow(rule, policies);
  const findings: HistoricFinding[] = [];
  let [first, next] = [0, 0];
  for (const minute of minutesIn(judged, history.spans)) {
    // Each minute looks at the rows of its window only, not at the whole month.
    while (own[first]!.minute <= minute - reach) first += 1;
    while (next < own.length && own[next]!.minute <= minute) next += 1;
    const policy = policies.at(subject.integrationId, subject.agreementId, minute);
    if (modeOf(policy, rule.id) !== 'on') continue;
    const rows = own.slice(first, next);
    const verdict = judge(rows, policyFor(history, policy, minute), minute, history.around(minute));
    if (verdict) findings.push({ minute, verdict });
  }
  return findings;
}

function minutesIn(sorted: readonly AnyRow[], spans: readonly Span[]): number[] {
  const minutes: number[] = [];
  let span = 0;
  for (const { minute } of sorted) {
    while (span < spans.length && spans[span]!.to <= minute) span += 1;
    if (span >= spans.length) break;
    if (minute >= spans[span]!.from && minutes.at(-1) !== minute) minutes.push(minute);
  }
  return minutes;
}
