import { minuteOf } from '../signals/minute.js';
import {
  decideBreach,
  type BreachCase,
  type BreachContext,
  type BreachDecision,
  type Finding,
} from './decide-breach.js';
import { answersFor, settledThrough } from './settle.js';

/**
 * Decides which case a newly judged minute belongs to: the one that answers for it, the one that was settled a short while ago
 * and is opened again by it, or a new one. A minute of a settled time whose case was opened again since changes nothing.
 */

/** A case as it is kept. */
export interface KeptCase extends BreachCase {
  /** When another partner became the owner after the proof of the case, RFC 3339; null: nobody did. */
  readonly ownedUntil: string | null;
  /** The minutes through which the case was settled when calls opened it again, the latest few; absent: it never was. */
  readonly reopenedAfter?: readonly number[];
}

/**
 * @param cases of one key: at least those that may answer for a minute judged, and the newest; oldest first
 * @returns at most one decision for each case
 */
export function decideCases(
  cases: readonly KeptCase[],
  findings: readonly Finding[],
  context: BreachContext,
): BreachDecision[] {
  const newest = cases.at(-1) ?? null;
  const through = newest && settledThrough(newest);
  const isFresh = (finding: Finding) =>
    newest === null || (through !== null && minuteJudged(finding) > through);
  const fresh = findings.filter(isFresh);
  const begun = decideBreach(null, fresh, context);
  const isAgain = newest !== null && begun !== null && recurs(newest, begun, fresh);

  const corrected = cases
    .filter((kept) => !(isAgain && kept === newest))
    .flatMap((kept) => {
      const own = findings.filter((finding) => !isFresh(finding) && answersFor(kept, minuteJudged(finding)));
      return decideBreach(kept, own, context) ?? [];
    });
  if (!begun) return corrected;
  return [...corrected, isAgain ? again(newest, begun, through!) : { ...begun, after: through }];
}

/** The minute on which a verdict was given: the last one of its window. */
export function minuteJudged({ verdict }: Finding): number {
  return minuteOf(verdict.windowEnd) - 1;
}

/**
 * Soon enough after the settlement, and with the same owner: a case shows what was told of it before, which is no business of
 * another partner.
 */
function recurs(newest: KeptCase, begun: BreachDecision, fresh: readonly Finding[]): boolean {
  const [{ policy }, first] = [fresh[0]!, Math.min(...fresh.map(minuteJudged))];
  const sinceMs = (first - (settledThrough(newest) ?? first)) * 60_000;
  const isSameOwner = newest.ownedUntil === null || begun.breach.observed.windowEnd <= newest.ownedUntil;
  return sinceMs <= policy.reopenWithinMs && isSameOwner;
}

/** The same case once more: what proves it is new, who it is and since when it is known is not. */
function again(
  { breach, reopenedAfter = [] }: KeptCase,
  begun: BreachDecision,
  after: number,
): BreachDecision {
  const { breachId, openedAt } = breach;
  const latest = [...reopenedAfter, after].slice(-FLAPPING_TIMES);
  const identity = {
    breachId,
    openedAt,
    version: breach.version + 1,
    occurrence: breach.occurrence + 1,
    ...((breach.flapping || isFlapping(latest)) && { flapping: true }),
  };
  return { ...begun, breach: { ...begun.breach, ...identity }, after, reopenedAfter: latest };
}

/** Opened again so many times within a day, a case is one that comes and goes, and says so (domain 1.5). */
const FLAPPING_TIMES = 4;
const A_DAY = 24 * 60;

/** By the minutes through which it was settled each time: unlike those in which it began again they never change. */
function isFlapping(latest: readonly number[]): boolean {
  return latest.length === FLAPPING_TIMES && latest.at(-1)! - latest[0]! <= A_DAY;
}
