import {
  decideBreach,
  type BreachCase,
  type BreachContext,
  type BreachDecision,
  type Finding,
} from '../breach/decide-breach.js';
import { minuteJudged } from '../breach/decide-cases.js';
import { answersFor, settledThrough, unsettledRows } from '../breach/settle.js';
import {
  carriersOf,
  countingRows,
  longestWindow,
  policyFor,
  type AnyRow,
  type GenericRule,
} from '../evaluation/judge.js';
import type { Policies } from '../policy/policies.js';
import { modeOf, type Policy } from '../policy/policy.js';
import { scaledPolicy } from '../policy/scaled-policy.js';
import { NOTHING_AROUND, type Around } from '../rules/around.js';
import { endOfRow, isIntegrationWide } from '../rules/registry.js';
import type { Verdict } from '../rules/verdict.js';
import { minuteOf } from '../signals/minute.js';
import { SIGNAL_TABLES } from '../signals/tables.js';

/**
 * Looks at the minutes of a case once they are closed, one after the other, and says at which one it is over.
 *
 * A case opens and gets worse at once, from minutes that still run, in whatever order calls arrive. When it is over is decided here
 * and nowhere else, from closed minutes in their order: so it is a function of the calls alone. Beside the case as it was told stands
 * the case as the minutes looked at make it. Mostly they are equal; where they are not (a minute behind the one that clears was judged
 * already), the case is settled as the minutes up to its end make it, and what follows is judged anew.
 */

/** How far a case was looked at. */
export interface Look {
  /** Every minute up to this one was. */
  readonly lookedThrough: number;
  /** What these minutes make of the case; null: nothing yet. */
  readonly confirmed: Confirmed | null;
  /** The last minute that was not quiet, or from before which none shall count. */
  readonly quietAfter: number;
}
export type Confirmed = Pick<BreachCase, 'breach' | 'peak'>;

export interface Sight {
  readonly context: BreachContext;
  /** Of the subject of the case, at least those in the windows of the minutes looked at; in any order. */
  readonly rows: readonly AnyRow[];
  readonly policies: Policies;
  /** Minutes before this one are closed, and judged. */
  readonly before: number;
  /** Append time of the newest call that was known when they closed, RFC 3339. */
  readonly appendedAt: string;
  /** Whether calls of these minutes, both included, are known to be missing: such a time is no quiet one. */
  readonly hasGap: (fromMinute: number, throughMinute: number) => boolean;
  /** What the rule may ask of the time outside its window, at least for `minutesToCountFor`. */
  readonly around: (minute: number) => Around;
  /** When the integration was active for the first time; absent: nobody knows. */
  readonly firstActiveAt?: Date;
}

export interface Seen {
  readonly look: Look;
  /** The minute at which the case is over; null: it is not, as far as was looked. */
  readonly clearedAt: number | null;
  /** What the minutes looked at were the first to prove: that the case begins, or is worse; in their order. */
  readonly proofs: readonly Confirmed[];
}

/** A case open for weeks that was not looked at for weeks is caught up with in steps of so many rows. */
export const LONGEST_LOOK = 360;

/** Of a case that has just begun. @param firstMinute the first one known in which the rule is broken */
function beginLook(firstMinute: number): Look {
  return { lookedThrough: firstMinute - 1, confirmed: null, quietAfter: firstMinute - 1 };
}

/**
 * Of a case that a person has opened again. It is not over before it was quiet for long enough from now on, or it would be settled
 * again at once.
 * @param look what is left to look at of what was settled; null: nothing
 */
export function resumeLook(
  look: Look | null,
  { breach, peak }: BreachCase,
  { through, present }: { readonly through: number; readonly present: number },
): Look {
  const known = look ?? { lookedThrough: through, confirmed: { breach, peak }, quietAfter: through };
  return { ...known, quietAfter: Math.max(known.quietAfter, present) };
}

interface Followed {
  /** The cases of one key before these findings. */
  readonly known: readonly BreachCase[];
  readonly looks: ReadonlyMap<string, Look>;
  /** What the findings do to them. */
  readonly decisions: readonly BreachDecision[];
  readonly findings: readonly Finding[];
}

/**
 * The looks that findings change: a case that begins is looked at from its first minute on, and what is found in a minute that was
 * looked at is not overlooked, also where the case stands as it was told.
 */
export function followFindings(
  { known, looks, decisions, findings }: Followed,
  context: BreachContext,
): { readonly breachId: string; readonly look: Look }[] {
  const begun = decisions.filter(({ change }) => change === 'opened');
  const first = ({ after }: BreachDecision) =>
    Math.min(...findings.map(minuteJudged).filter((minute) => minute > (after ?? -Infinity)));
  const begins = begun.map((decision) => ({
    breachId: decision.breach.breachId,
    look: beginLook(first(decision)),
  }));
  const goesOn = known.flatMap((kept) => {
    const { breachId } = kept.breach;
    const look = looks.get(breachId);
    if (!look || begins.some((one) => one.breachId === breachId)) return [];
    const own = findings.filter((finding) => answersFor(kept, minuteJudged(finding)));
    const next = lookAgain(look, own, context);
    return next === look ? [] : [{ breachId, look: next }];
  });
  return [...begins, ...goesOn];
}

function lookAgain(look: Look, findings: readonly Finding[], context: BreachContext): Look {
  const missed = findings.filter((finding) => minuteJudged(finding) <= look.lookedThrough);
  if (missed.length === 0) return look;
  if (look.confirmed) return { ...look, confirmed: confirm(look.confirmed, missed, context).confirmed };
  const { lookedThrough, quietAfter } = beginLook(Math.min(...missed.map(minuteJudged)));
  // What a person has put off stays put off.
  const isPutOff = look.quietAfter > look.lookedThrough;
  return { ...look, lookedThrough, quietAfter: isPutOff ? look.quietAfter : quietAfter };
}

/** Whether there is nothing to look at any more: a person has settled the case, and what was settled is closed. */
export function isSeenThrough(kept: BreachCase, look: Look): boolean {
  const through = settledThrough(kept);
  return through !== null && look.lookedThrough >= through;
}

/** The minute that must be closed before there is something to look at. */
export function nextMinute({ rule }: BreachContext, look: Look): number {
  return endOfRow(rule, look.lookedThrough + 1);
}

/**
 * Looks on for as long as minutes are closed, at most `LONGEST_LOOK` rows, and no further than to where the case is over.
 * @param kept as it was told; what a person has settled is looked at up to there, and not settled once more
 */
export function lookOn(kept: BreachCase, from: Look, sight: Sight): Seen {
  const { context, policies } = sight;
  const { rule, subject } = context;
  const { grain } = SIGNAL_TABLES[rule.signals];
  const through = settledThrough(kept);
  const windows = windowsOf(kept, sight);
  const mode = subject.isShadow ? 'shadow' : 'on';
  const proofs: Confirmed[] = [];
  let look = from;
  let minute = nextMinute(context, from);
  for (let seen = 0; seen < LONGEST_LOOK && minute < sight.before; seen += 1, minute += grain) {
    if (minute > (through ?? Infinity)) break;
    const policy = policies.at(subject.integrationId, subject.agreementId, minute);
    const rows = windows(minute);
    const around = sight.around(minute);
    // A rule that is off, or in shadow by now, adds nothing to a case from the time when it was on: that minute is quiet.
    const isInForce = modeOf(policy, rule.id) === mode;
    const verdict = rows.isCarried && isInForce ? rows.judge(policyFor(sight, policy, minute), around) : null;
    let { confirmed, quietAfter } = look;
    if (verdict) {
      const after = confirm(confirmed, [{ verdict, policy, appendedAt: sight.appendedAt }], context);
      if (after.isNews) proofs.push(after.confirmed);
      ({ confirmed } = after);
    } else if (!confirmed && minute >= minuteOf(kept.breach.observed.windowEnd) - 1) {
      // What proved it is gone, as calls that came too late can do to a share: it stands as it was told.
      confirmed = { breach: kept.breach, peak: kept.peak };
    }
    const isQuiet =
      !verdict &&
      !sight.hasGap(minute + 1 - rule.windowMinutes(policy), minute) &&
      (!isInForce || rows.judge(scaledPolicy(policy, policy.clearRatio), around) === null);
    if (!isQuiet) quietAfter = Math.max(quietAfter, minute);
    look = { lookedThrough: minute, confirmed, quietAfter };
    const isOver = confirmed !== null && minute - quietAfter >= minutesToClear(policy, grain);
    if (isOver && through === null) return { look, clearedAt: minute, proofs };
  }
  return { look, clearedAt: null, proofs };
}

/**
 * The minutes of the next look for which active agreements must be counted: those that are not quiet as long as there are none.
 * @param from as for `lookOn`
 */
export function minutesToCountFor(kept: BreachCase, from: Look, sight: Omit<Sight, 'around'>): number[] {
  const { rule, subject } = sight.context;
  if (!rule.asksForAgreements) return [];
  const windows = windowsOf(kept, sight);
  const asked: number[] = [];
  let minute = nextMinute(sight.context, from);
  for (let seen = 0; seen < LONGEST_LOOK && minute < sight.before; seen += 1, minute += 1) {
    const policy = sight.policies.at(subject.integrationId, subject.agreementId, minute);
    const scaled = scaledPolicy(policy, policy.clearRatio);
    if (windows(minute).judge(scaled, NOTHING_AROUND) !== null) asked.push(minute);
  }
  return asked;
}

function minutesToClear(policy: Policy, grain: number): number {
  return grain === 1 ? policy.clearForMinutes : policy.clearForMinutesOfHours;
}

interface Window {
  /** Whether the minute is one that is judged when calls arrive (`judge.ts`): only such a one can break the rule. */
  readonly isCarried: boolean;
  readonly judge: (policy: Policy, around: Around) => Verdict | null;
}

/** The windows of ascending minutes, without going through all rows for each. */
function windowsOf({ after }: BreachCase, { context, rows, policies }: Omit<Sight, 'around'>) {
  const rule = context.rule as GenericRule;
  const counting = countingRows(rule, context.subject.integrationId, rows, policies);
  const sorted = counting.toSorted((left, right) => left.minute - right.minute);
  const judged = isIntegrationWide(rule) ? carriersOf(rule, sorted, policies) : sorted;
  const carried = new Set(judged.map((row) => row.minute));
  const settled = after === null ? [] : [after];
  let from = 0;
  let to = 0;
  const longest = longestWindow(rule, policies);
  return (minute: number): Window => {
    const first = minute + 1 - longest;
    while (to < sorted.length && sorted[to]!.minute <= minute) to += 1;
    while (from < to && sorted[from]!.minute < first) from += 1;
    const own = unsettledRows(sorted.slice(from, to), minute, settled);
    return {
      isCarried: carried.has(minute),
      judge: (by, around) => (own.length === 0 ? null : rule.judge(own, by, minute, around)),
    };
  };
}

function confirm(
  confirmed: Confirmed | null,
  findings: readonly Finding[],
  context: BreachContext,
): { readonly confirmed: Confirmed; readonly isNews: boolean } {
  const decision = decideBreach(confirmed && { ...confirmed, after: null }, findings, context);
  if (!decision) return { confirmed: confirmed!, isNews: false };
  const { breach, peak, change } = decision;
  return { confirmed: { breach, peak }, isNews: change === 'opened' || change === 'escalated' };
}
