import { breachKeyOf, type BreachSubject, type Finding } from '../breach/decide-breach.js';
import { unsettledRows, type Settlements } from '../breach/settle.js';
import type { Policy } from '../policy/policy.js';
import { RULES, type Rule } from '../rules/registry.js';
import type { Verdict } from '../rules/verdict.js';
import { minuteOf } from '../signals/minute.js';
import type { PairMinute, RouteMinute } from '../signals/signals.js';

/**
 * Decides which minutes new calls make worth judging, and judges them: a call at minute m is in the windows
 * of m … m + window − 1. A minute without rows is left out: its window holds nothing that the window of the
 * last minute with rows does not hold, so it is never worse.
 */

/** Calls arrived for this minute of an agreement since it was last judged. */
export interface DirtyMinute {
  readonly agreementId: string;
  readonly minute: number;
  /** Log append time of the newest of them, RFC 3339. */
  readonly appendedAt: string;
}

/**
 * What is judged together: one integration's dirty minutes, with all rows of their agreements around them.
 */
export interface Docket {
  readonly integrationId: string;
  readonly dirty: readonly DirtyMinute[];
  readonly pairs: readonly PairMinute[];
  readonly routes: readonly RouteMinute[];
  /** Minutes before this one are closed: every partition is past them. */
  readonly closedBefore: number;
  /** At least those that lie in a window judged. */
  readonly settled: Settlements;
}

export interface Judgement {
  readonly rule: Rule;
  readonly subject: BreachSubject;
  /** Ascending by minute; never empty. */
  readonly findings: readonly Finding[];
}

/** The minutes whose rows must be in the docket: as far back and ahead as the longest window reaches. */
export function minutesAround(dirty: readonly DirtyMinute[], policy: Policy): number[] {
  const reach = longestWindow(RULES, policy) - 1;
  const minutes = new Set<number>();
  for (const { minute } of dirty) {
    for (let near = minute - reach; near <= minute + reach; near += 1) minutes.add(near);
  }
  return [...minutes];
}

export function judge(docket: Docket, policy: Policy, rules: readonly Rule[] = RULES): Judgement[] {
  return rules.flatMap((rule) =>
    rule.signals === 'pair'
      ? judgeRows(rule, docket.pairs, docket, policy)
      : judgeRows(rule, docket.routes, docket, policy),
  );
}

/**
 * Whether nothing waits for this dirty minute any more. A rule that is not monotone waits until the last
 * window that the minute is in has closed.
 */
export function isJudged(
  { minute }: DirtyMinute,
  closedBefore: number,
  policy: Policy,
  rules: readonly Rule[] = RULES,
): boolean {
  return rules.every((rule) => rule.isMonotone || minute + rule.windowMinutes(policy) <= closedBefore);
}

type RuleFor<Row> = Rule & {
  readonly judge: (rows: readonly Row[], policy: Policy, minute: number) => Verdict | null;
};

function judgeRows<Row extends PairMinute | RouteMinute>(
  rule: RuleFor<Row>,
  rows: readonly Row[],
  docket: Docket,
  policy: Policy,
): Judgement[] {
  return bySubject(rows).flatMap((own) => {
    const [{ agreementId }, route] = [own[0]!, routeOf(own[0]!)];
    const subject = { integrationId: docket.integrationId, agreementId, route };
    const settled = docket.settled.get(breachKeyOf(rule, subject)) ?? [];
    const dirty = docket.dirty.filter((mark) => mark.agreementId === agreementId);
    const findings = minutesToJudge(rule, own, dirty, docket.closedBefore, policy).flatMap((minute) => {
      const verdict = rule.judge(unsettledRows(own, minute, settled), policy, minute);
      return verdict ? [{ verdict, appendedAt: newestAppend(dirty, verdict) }] : [];
    });
    return findings.length > 0 ? [{ rule, subject, findings }] : [];
  });
}

function minutesToJudge(
  rule: Rule,
  rows: readonly { readonly minute: number }[],
  dirty: readonly DirtyMinute[],
  closedBefore: number,
  policy: Policy,
): number[] {
  const window = rule.windowMinutes(policy);
  return rows
    .map((row) => row.minute)
    .filter((minute) => rule.isMonotone || minute < closedBefore)
    .filter((minute) => dirty.some((mark) => mark.minute <= minute && minute < mark.minute + window))
    .sort((left, right) => left - right);
}

/**
 * Of the dirty minutes within the verdict's window; there is one, or the minute would not have been judged.
 */
function newestAppend(dirty: readonly DirtyMinute[], { windowStart, windowEnd }: Verdict): string {
  const [from, to] = [minuteOf(windowStart), minuteOf(windowEnd)];
  return dirty
    .filter(({ minute }) => minute >= from && minute < to)
    .map(({ appendedAt }) => appendedAt)
    .reduce((newest, next) => (Date.parse(next) > Date.parse(newest) ? next : newest));
}

function bySubject<Row extends PairMinute | RouteMinute>(rows: readonly Row[]): Row[][] {
  const subjects = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${row.agreementId}|${routeOf(row)}`;
    const own = subjects.get(key);
    if (own) own.push(row);
    else subjects.set(key, [row]);
  }
  return [...subjects.values()];
}

function routeOf(row: PairMinute | RouteMinute): string {
  return 'route' in row ? row.route : '';
}

function longestWindow(rules: readonly Rule[], policy: Policy): number {
  return Math.max(...rules.map((rule) => rule.windowMinutes(policy)));
}
