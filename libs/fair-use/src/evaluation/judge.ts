import { breachKeyOf, type BreachSubject, type Finding } from '../breach/decide-breach.js';
import { unsettledRows, type Settlements } from '../breach/settle.js';
import type { Policy } from '../policy/policy.js';
import { RULES, type Rule } from '../rules/registry.js';
import { rowsInWindow, type Verdict } from '../rules/verdict.js';
import { MINUTE_MS, minuteOf } from '../signals/minute.js';
import type { PairMinute, RouteMinute } from '../signals/signals.js';

/**
 * Decides which minutes new calls make worth judging, and judges them: a call at minute m is in the windows
 * of m … m + window − 1. A minute without calls is not judged: the windows of a monotone rule hold nothing
 * there that they did not hold at the last minute with calls, and a share is taken when something is asked.
 *
 * Of a rule that is not monotone the same minutes are left until they are closed, and judged then.
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
  /** Minutes that were left until they are closed, and are. */
  readonly closed: readonly DirtyMinute[];
  readonly pairs: readonly PairMinute[];
  readonly routes: readonly RouteMinute[];
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
export function minutesAround(marks: readonly DirtyMinute[], policy: Policy): number[] {
  const reach = longestWindow(RULES, policy) - 1;
  const minutes = new Set<number>();
  for (const { minute } of marks) {
    for (let near = minute - reach; near <= minute + reach; near += 1) minutes.add(near);
  }
  return [...minutes];
}

/**
 * Minutes before this one are closed.
 * @param readTo all partitions were read up to here, by event time
 */
export function closedBefore(readTo: Date, policy: Policy): number {
  return Math.floor((readTo.getTime() - policy.latenessMs) / MINUTE_MS);
}

export function judge(docket: Docket, policy: Policy, rules: readonly Rule[] = RULES): Judgement[] {
  const [pairs, routes] = [bySubject(docket.pairs), bySubject(docket.routes)];
  return rules.flatMap((rule) =>
    rule.signals === 'pair'
      ? pairs.flatMap((own) => judgeSubject(rule, own, docket, policy))
      : routes.flatMap((own) => judgeSubject(rule, own, docket, policy)),
  );
}

/**
 * The minutes that the dirty ones make worth judging by rules that are not monotone, each to be judged once it
 * is closed. Only those are named in whose window there is something to find: of an integration without a
 * refused call none ever waits.
 */
export function leftUntilClosed(
  docket: Docket,
  policy: Policy,
  rules: readonly Rule[] = RULES,
): DirtyMinute[] {
  const [pairs, routes] = [bySubject(docket.pairs), bySubject(docket.routes)];
  const left = rules
    .filter((rule) => !rule.isMonotone)
    .flatMap((rule) =>
      rule.signals === 'pair'
        ? pairs.flatMap((own) => leftOfSubject(rule, own, docket, policy))
        : routes.flatMap((own) => leftOfSubject(rule, own, docket, policy)),
    );
  const newest = new Map<string, DirtyMinute>();
  for (const mark of left) {
    const key = `${mark.minute}|${mark.agreementId}`;
    const known = newest.get(key);
    if (!known || isLater(mark.appendedAt, known.appendedAt)) newest.set(key, mark);
  }
  return [...newest.values()];
}

type RuleFor<Row> = Rule & {
  readonly judge: (rows: readonly Row[], policy: Policy, minute: number) => Verdict | null;
  readonly canCarry?: (row: Row) => boolean;
};

/** @param own rows of one subject, at least one */
function judgeSubject<Row extends PairMinute | RouteMinute>(
  rule: RuleFor<Row>,
  own: readonly Row[],
  docket: Docket,
  policy: Policy,
): Judgement[] {
  const [{ agreementId }, route] = [own[0]!, routeOf(own[0]!)];
  const subject = { integrationId: docket.integrationId, agreementId, route };
  const settled = docket.settled.get(breachKeyOf(rule, subject)) ?? [];
  const marks = marksOf(agreementId, rule.isMonotone ? docket.dirty : docket.closed);
  const reach = rule.isMonotone ? rule.windowMinutes(policy) : 1;
  const findings = minutesReached(own, marks, reach).flatMap((minute) => {
    const verdict = rule.judge(unsettledRows(own, minute, settled), policy, minute);
    if (!verdict) return [];
    const [from, to] = [minuteOf(verdict.windowStart), minuteOf(verdict.windowEnd)];
    return [{ verdict, appendedAt: newestAppend(marks, from, to) }];
  });
  return findings.length > 0 ? [{ rule, subject, findings }] : [];
}

/** @param own rows of one subject, at least one */
function leftOfSubject<Row extends PairMinute | RouteMinute>(
  rule: RuleFor<Row>,
  own: readonly Row[],
  docket: Docket,
  policy: Policy,
): DirtyMinute[] {
  const carriers = own.filter((row) => rule.canCarry?.(row) ?? true);
  if (carriers.length === 0) return [];
  const { agreementId } = own[0]!;
  const marks = marksOf(agreementId, docket.dirty);
  const window = rule.windowMinutes(policy);
  return minutesReached(own, marks, window)
    .filter((minute) => rowsInWindow(carriers, window, minute).length > 0)
    .map((minute) => ({
      agreementId,
      minute,
      appendedAt: newestAppend(marks, minute + 1 - window, minute + 1),
    }));
}

/** The minutes with rows that lie at a mark or up to `reach` − 1 minutes after one, ascending. */
function minutesReached(
  rows: readonly { readonly minute: number }[],
  marks: readonly DirtyMinute[],
  reach: number,
): number[] {
  return rows
    .map((row) => row.minute)
    .filter((minute) => marks.some((mark) => mark.minute <= minute && minute < mark.minute + reach))
    .sort((left, right) => left - right);
}

function marksOf(agreementId: string, marks: readonly DirtyMinute[]): DirtyMinute[] {
  return marks.filter((mark) => mark.agreementId === agreementId);
}

/**
 * Of the marks from one minute up to another; there is one, or the minute would not have been judged.
 */
function newestAppend(marks: readonly DirtyMinute[], from: number, to: number): string {
  return marks
    .filter(({ minute }) => minute >= from && minute < to)
    .map(({ appendedAt }) => appendedAt)
    .reduce((newest, next) => (isLater(next, newest) ? next : newest));
}

function isLater(left: string, right: string): boolean {
  return Date.parse(left) > Date.parse(right);
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
