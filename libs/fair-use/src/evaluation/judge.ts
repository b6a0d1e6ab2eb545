import { minuteJudged } from '../breach/decide-cases.js';
import { breachKeyOf, type BreachSubject, type Finding } from '../breach/decide-breach.js';
import { unsettledRows, type Settlements } from '../breach/settle.js';
import type { Policies } from '../policy/policies.js';
import { atMost, modeOf, type Policy, type RuleId } from '../policy/policy.js';
import type { Around } from '../rules/around.js';
import { endOfRow, isIntegrationWide, RULES, type Rule } from '../rules/registry.js';
import { rowsInWindow, type Verdict } from '../rules/verdict.js';
import { endOfGrain, MINUTE_MS } from '../signals/minute.js';
import { merged, type Span } from '../signals/span.js';
import {
  SIGNAL_TABLES,
  type RouteKey,
  type SignalKey,
  type SignalRows,
  type SignalTableName,
} from '../signals/tables.js';

/**
 * Decides which minutes new calls make worth judging, and judges them: a call at minute m is in the windows
 * of m … m + window − 1. A minute without calls is not judged: the windows of a monotone rule hold nothing
 * there that they did not hold at the last minute with calls, and a share is taken when something is asked.
 *
 * Of a rule that is not monotone the same minutes are left until they are closed, and judged then. A rule about all agreements of an
 * integration judges the minutes in which one of them carries something, whichever minute of its window the calls touched.
 */

/** Calls arrived for this minute of an agreement since it was last judged. */
export interface DirtyMinute {
  readonly agreementId: string;
  readonly minute: number;
  /** Log append time of the newest of them, RFC 3339. */
  readonly appendedAt: string;
}

/** What waits to be judged, of one integration. */
export interface Marks {
  readonly dirty: readonly DirtyMinute[];
  /** Minutes that were left until they are closed, and are. */
  readonly closed: readonly DirtyMinute[];
}

export type DocketRows = { readonly [Table in SignalTableName]: readonly SignalRows[Table][] };

/**
 * What is judged together: one integration's dirty minutes, with all rows of their agreements around them.
 */
export interface Docket extends Marks {
  readonly integrationId: string;
  /** Of the agreements marked, each around its own marks. */
  readonly rows: DocketRows;
  /** Of all agreements, for the rules that judge them together: at least of the tables that `tablesOfAllAgreements` names. */
  readonly allAgreements: Partial<DocketRows>;
  /** Of the time outside the windows, at least where `hoursToCompare` names an hour. */
  readonly smsOfHour: Around['smsOfHour'];
  /** How many agreements are active, by minute: at least for those that `minutesToCountAt` names. */
  readonly activeAgreements: ReadonlyMap<number, number>;
  /** At least those that lie in a window judged. */
  readonly settled: Settlements;
  /** What rules threw while it was made: they cannot be judged by it. */
  readonly failures?: ReadonlyMap<RuleId, unknown>;
  /** When the integration was active for the first time; absent: nobody knows, and it is judged as one that has settled in. */
  readonly firstActiveAt?: Date;
}

export interface Judgement {
  readonly rule: Rule;
  readonly subject: BreachSubject;
  /** Ascending by minute; never empty. */
  readonly findings: readonly Finding[];
}

/**
 * Where the rows of a table must be read, by agreement: around its marks, as far back and ahead as the longest window over the table
 * reaches.
 */
export function spansAround(
  marks: readonly DirtyMinute[],
  policies: Policies,
  table: SignalTableName,
  rules: readonly Rule[] = RULES,
): ReadonlyMap<string, readonly Span[]> {
  const { grain } = SIGNAL_TABLES[table];
  const reading = rules.filter((rule) => rule.signals === table);
  const reach = Math.max(0, ...reading.map((rule) => longestWindow(rule, policies))) - grain;
  const around = new Map<string, Span[]>();
  for (const { agreementId, minute } of marks) {
    const own = endOfGrain(minute, grain);
    const span = { from: own - reach, to: own + reach + 1 };
    const known = around.get(agreementId);
    if (known) known.push(span);
    else around.set(agreementId, [span]);
  }
  return new Map([...around].map(([agreementId, spans]) => [agreementId, merged(spans)]));
}

/**
 * Minutes before this one are closed.
 * @param readTo all partitions were read up to here, by event time
 */
export function closedBefore(readTo: Date, { latenessMs }: Policy): number {
  return Math.floor((readTo.getTime() - latenessMs) / MINUTE_MS);
}

/** The tables of which some agreement marked has a row for which those of all agreements of the integration must be looked at. */
export function tablesOfAllAgreements(
  rows: DocketRows,
  policies: Policies,
  rules: readonly Rule[] = RULES,
): ReadonlySet<SignalTableName> {
  const carried = rules
    .filter(isIntegrationWide)
    .filter((rule) => carriersOf<AnyRow>(generic(rule), rows[rule.signals], policies).length > 0);
  return new Set(carried.map((rule) => rule.signals));
}

/**
 * The minutes for which active agreements must be counted: those at which a rule that asks for them finds something as long as there
 * are none. To count them reads a week, and hardly any minute needs it.
 */
export function minutesToCountAt(
  docket: Omit<Docket, 'activeAgreements'>,
  policies: Policies,
  rules: readonly Rule[] = RULES,
): number[] {
  const asking = rules.filter((rule) => rule.asksForAgreements);
  const found = judge({ ...docket, activeAgreements: new Map() }, policies, asking);
  return [...new Set(found.flatMap(({ findings }) => findings.map(minuteJudged)))];
}

/** @throws RangeError when the policy that judges leaves no room for advice */
export function judge(docket: Docket, policies: Policies, rules: readonly Rule[] = RULES): Judgement[] {
  return rules.flatMap((rule) =>
    subjectsOf(rule, docket, policies).flatMap((own) => judgeSubject(generic(rule), own, docket, policies)),
  );
}

/**
 * The minutes that the dirty ones make worth judging by rules that are not monotone, each to be judged once it
 * is closed. Only those are named in whose window there is something to find: of an integration without a
 * refused call none ever waits.
 */
export function leftUntilClosed(
  docket: Docket,
  policies: Policies,
  rules: readonly Rule[] = RULES,
): DirtyMinute[] {
  const left = rules
    .filter((rule) => !rule.isMonotone)
    .flatMap((rule) =>
      subjectsOf(rule, docket, policies).flatMap((own) =>
        leftOfSubject(generic(rule), own, docket, policies),
      ),
    );
  return newestMarks(left);
}

/** Each minute of an agreement once. */
export function newestMarks(marks: readonly DirtyMinute[]): DirtyMinute[] {
  const newest = new Map<string, DirtyMinute>();
  for (const mark of marks) {
    const key = `${mark.minute}|${mark.agreementId}`;
    const known = newest.get(key);
    if (!known || isLater(mark.appendedAt, known.appendedAt)) newest.set(key, mark);
  }
  return [...newest.values()];
}

export type AnyRow = SignalKey & Partial<RouteKey>;
/** A rule without its table: rows and judge always come from the same rule. */
export type GenericRule = Rule & {
  readonly judge: (rows: readonly AnyRow[], policy: Policy, minute: number, around: Around) => Verdict | null;
  readonly canCarry?: (row: AnyRow, policy: Policy) => boolean;
};
function generic(rule: Rule): GenericRule {
  return rule as GenericRule;
}

/**
 * What is found while a rule is in shadow is judged apart from what is found while it is on.
 * @param own rows of one subject, at least one
 */
function judgeSubject(
  rule: GenericRule,
  own: readonly AnyRow[],
  docket: Docket,
  policies: Policies,
): Judgement[] {
  const subject = { integrationId: docket.integrationId, ...subjectOf(rule, own[0]!) };
  const marks = marksOf(rule, own[0]!, rule.isMonotone ? docket.dirty : closedRows(rule, docket));
  const reach = rule.isMonotone ? longestWindow(rule, policies) : 1;
  const judged = isIntegrationWide(rule) ? carriersOf(rule, own, policies) : own;
  const findings: Record<'on' | 'shadow', Finding[]> = { on: [], shadow: [] };
  const settledOf = (mode: 'on' | 'shadow') =>
    docket.settled.size === 0 ? [] : (docket.settled.get(breachKeyOf(rule, aboutOf(subject, mode))) ?? []);
  const settled = { on: settledOf('on'), shadow: settledOf('shadow') };
  for (const minute of minutesReached(judged, marks, reach)) {
    const policy = policies.at(subject.integrationId, subject.agreementId, minute);
    const mode = modeOf(policy, rule.id);
    if (mode === 'off') continue;
    const around = {
      activeAgreements: docket.activeAgreements.get(minute) ?? 0,
      smsOfHour: docket.smsOfHour,
    };
    const rows = unsettledRows(own, minute, settled[mode]);
    const verdict = rule.judge(rows, policyFor(docket, policy, minute), minute, around);
    if (!verdict) continue;
    // Not the verdict's window: calls from before it may be why something counts in it.
    const window = rule.windowMinutes(policy);
    const appendedAt = newestAppend(marks, minute, window, reach);
    findings[mode].push({ verdict, policy, appendedAt });
  }
  return (['on', 'shadow'] as const)
    .filter((mode) => findings[mode].length > 0)
    .map((mode) => ({ rule, subject: aboutOf(subject, mode), findings: findings[mode] }));
}

function aboutOf(subject: BreachSubject, mode: 'on' | 'shadow'): BreachSubject {
  return mode === 'shadow' ? { ...subject, isShadow: true } : subject;
}

/** An integration that has just begun is warned at most. */
export function policyFor(
  { firstActiveAt }: Pick<Docket, 'firstActiveAt'>,
  policy: Policy,
  minute: number,
): Policy {
  const sinceMs = firstActiveAt ? minute * MINUTE_MS - firstActiveAt.getTime() : Infinity;
  return sinceMs < policy.warmUpMs ? atMost('warning', policy) : policy;
}

/** @param own rows of one subject, at least one */
function leftOfSubject(
  rule: GenericRule,
  own: readonly AnyRow[],
  docket: Docket,
  policies: Policies,
): DirtyMinute[] {
  const carriers = carriersOf(rule, own, policies);
  if (carriers.length === 0) return [];
  const marks = marksOf(rule, own[0]!, docket.dirty);
  const window = longestWindow(rule, policies);
  const left = (minute: number, agreementId: string) => ({
    agreementId,
    minute,
    appendedAt: newestAppend(marks, minute, window),
  });
  if (isIntegrationWide(rule)) {
    const reached = new Set(minutesReached(carriers, marks, window));
    // One mark is enough for a minute: by any of its carriers all agreements are looked at.
    return [...reached].map((minute) => left(minute, firstAgreementAt(minute, carriers)));
  }
  return minutesReached(own, marks, window)
    .filter((minute) => rowsInWindow(carriers, window, minute).length > 0)
    .map((minute) => left(minute, own[0]!.agreementId));
}

/** Of a minute; always the same one, however often it is left. */
function firstAgreementAt(minute: number, rows: readonly AnyRow[]): string {
  return rows
    .filter((row) => row.minute === minute)
    .map((row) => row.agreementId)
    .reduce((first, next) => (next < first ? next : first));
}

/** The minutes with rows that lie at a mark or up to `reach` − 1 minutes after one, ascending. */
function minutesReached(
  rows: readonly { readonly minute: number }[],
  marks: readonly DirtyMinute[],
  reach: number,
): number[] {
  return [...new Set(rows.map((row) => row.minute))]
    .filter((minute) => marks.some((mark) => mark.minute <= minute && minute < mark.minute + reach))
    .sort((left, right) => left - right);
}

/** Minutes wait for several rules: one within an hour that is closed says nothing of the hour. */
function closedRows(rule: Rule, { closed }: Docket): DirtyMinute[] {
  return closed.filter(({ minute }) => minute === endOfRow(rule, minute));
}

/** The marks that concern a subject of a rule, each at the end of the row that holds it. */
function marksOf(rule: Rule, { agreementId }: AnyRow, marks: readonly DirtyMinute[]): DirtyMinute[] {
  const own = isIntegrationWide(rule) ? marks : marks.filter((mark) => mark.agreementId === agreementId);
  return own.map((mark) => ({ ...mark, minute: endOfRow(rule, mark.minute) }));
}

/**
 * Of the marks within the window that ends with a minute. A window of another version of the policy may reach further back to the only
 * mark for which the minute is judged.
 */
function newestAppend(marks: readonly DirtyMinute[], minute: number, window: number, reach = window): string {
  const within = (length: number) =>
    marks.filter((mark) => mark.minute > minute - length && mark.minute <= minute);
  const own = within(window);
  return (own.length > 0 ? own : within(reach))
    .map(({ appendedAt }) => appendedAt)
    .reduce((newest, next) => (isLater(next, newest) ? next : newest));
}

function isLater(left: string, right: string): boolean {
  return Date.parse(left) > Date.parse(right);
}

/** Without the rows that are agreed to count for nothing under a rule. */
export function countingRows<Row extends AnyRow>(
  rule: Rule,
  integrationId: string,
  rows: readonly Row[],
  policies: Policies,
): readonly Row[] {
  const isSuppressed = policies.suppressionsOf(integrationId);
  if (!isSuppressed) return rows;
  const { grain } = SIGNAL_TABLES[rule.signals];
  return rows.filter(({ agreementId, minute }) => {
    const [from, through] = [minute + 1 - grain, minute];
    return !isSuppressed({ ruleId: rule.id, agreementId, from, through });
  });
}

/** The rows of each subject of a rule, in no order. */
function subjectsOf(rule: Rule, docket: Docket, policies: Policies): AnyRow[][] {
  const all: readonly AnyRow[] =
    (isIntegrationWide(rule) ? docket.allAgreements : docket.rows)[rule.signals] ?? [];
  const rows = countingRows(rule, docket.integrationId, all, policies);
  const subjects = new Map<string, AnyRow[]>();
  for (const row of rows) {
    const { agreementId, route } = subjectOf(rule, row);
    const key = `${agreementId}|${route}`;
    const own = subjects.get(key);
    if (own) own.push(row);
    else subjects.set(key, [row]);
  }
  return [...subjects.values()];
}

function subjectOf(rule: Rule, row: AnyRow) {
  return {
    agreementId: isIntegrationWide(rule) ? '' : row.agreementId,
    route: rule.key.includes('route') ? (row.route ?? '') : '',
  };
}

/** By any of the policies. */
export function carriersOf<Row extends AnyRow>(
  { canCarry }: GenericRule,
  rows: readonly Row[],
  { all }: Policies,
): readonly Row[] {
  return canCarry ? rows.filter((row) => all.some((policy) => canCarry(row, policy))) : rows;
}

export function longestWindow(rule: Rule, policies: Policies): number {
  let ofRules = windows.get(policies);
  if (!ofRules) windows.set(policies, (ofRules = new Map<Rule, number>()));
  let longest = ofRules.get(rule);
  if (longest === undefined) {
    longest = policies.all.reduce((most, policy) => Math.max(most, rule.windowMinutes(policy)), 0);
    ofRules.set(rule, longest);
  }
  return longest;
}

// Asked for every subject, of policies that may hold hundreds of overrides.
const windows = new WeakMap<Policies, Map<Rule, number>>();
