import { SEVERITIES, type Breach } from '@taxameter/contracts';
import { guidanceFor } from '../guidance/guidance.js';
import type { Policy } from '../policy/policy.js';
import type { KeyDimension, Rule } from '../rules/registry.js';
import type { Verdict } from '../rules/verdict.js';

/**
 * Decides what newly judged minutes do to a case: open it, make it worse, correct its proof, or nothing.
 *
 * A case's proof is the **first minute (by event time) at which its severity holds**, from all that is known
 * of that minute's window. So it is a function of the calls alone: whatever the cut into batches and the
 * moments of evaluation, the same calls end in the same severity, proof and peak. While the minute still
 * runs, or when late calls reach it or an earlier one, the proof is corrected; a later minute never replaces
 * it. A lower verdict changes nothing here. Which minutes a case answers for is `decide-cases.ts`.
 */

/** What a case is about. Absent is the empty string. */
export interface BreachSubject {
  readonly integrationId: string;
  readonly agreementId: string;
  readonly route: string;
  /** Found by a rule in shadow: a case of its own, so that switching the rule on opens a real one. */
  readonly isShadow?: boolean;
}

/** A verdict with the log append time (RFC 3339) of the newest record that led to it. */
export interface Finding {
  readonly verdict: Verdict;
  /** Never the time of processing. */
  readonly appendedAt: string;
  /** The policy that gave the verdict. */
  readonly policy: Policy;
}

/** The highest value at the case's severity, and where its window ends (the first such window). */
export interface Peak {
  readonly value: number;
  readonly windowEnd: string;
}

/** The peak stands beside the breach and not in its fact: it may grow every minute, and is no news. */
export interface BreachCase {
  readonly breach: Breach;
  readonly peak: Peak;
  /** The minute up to which everything was settled before this case began; null: nothing was. */
  readonly after: number | null;
}

export interface BreachContext {
  readonly rule: Rule;
  readonly subject: BreachSubject;
  /** The id to use if a case is opened. */
  readonly breachId: string;
}

/** What calls do to a case, and what people do: see `settle.ts`. */
export type BreachChange = 'opened' | 'escalated' | 'revised' | 'resolved' | 'reopened';

export interface BreachDecision extends BreachCase {
  /** The fact to publish; null when only the peak grew, which is kept and not told. */
  readonly change: BreachChange | null;
  /** Append time of what caused it. */
  readonly appendedAt: string;
  /** The new value of the case's `reopenedAfter`; absent where it stays. */
  readonly reopenedAfter?: readonly number[];
}

/**
 * A resolved case is corrected as an open one: what was settled may have been worse than was known.
 * @param current the case that answers for these minutes, null when there is none
 * @param findings verdicts on all that is known now of the minutes that new calls touched, in any order. Each
 * minute must be among them again after the last call that touches it
 * @returns the whole new state, or null when nothing changes
 */
export function decideBreach(
  current: BreachCase | null,
  findings: readonly Finding[],
  context: BreachContext,
): BreachDecision | null {
  const worst = findings.reduce<Finding | null>((held, next) => (outranks(next, held) ? next : held), null);
  if (!worst) return null;
  const { verdict, appendedAt } = worst;
  const peak = findings
    .filter((finding) => finding.verdict.severity === verdict.severity)
    .map((finding) => finding.verdict)
    .reduce<Peak>(higher, verdict);

  if (!current) {
    return { change: 'opened', breach: opened(worst, context), peak: peakOf(peak), after: null, appendedAt };
  }
  const { breach, after } = current;
  const rise = SEVERITIES.indexOf(verdict.severity) - SEVERITIES.indexOf(breach.severity);
  if (rise < 0) return null;
  if (rise > 0) {
    const retroactive = isRetroactive(worst);
    const escalated = { ...breach, ...proof(worst, context), retroactive, version: breach.version + 1 };
    return { change: 'escalated', breach: escalated, peak: peakOf(peak), after, appendedAt };
  }
  const grown = peakOf(higher(current.peak, peak));
  if (correctsProof(breach, verdict)) {
    const revised = { ...breach, ...proof(worst, context), version: breach.version + 1 };
    return { change: 'revised', breach: revised, peak: grown, after, appendedAt };
  }
  if (grown.value === current.peak.value && grown.windowEnd === current.peak.windowEnd) return null;
  return { change: null, breach, peak: grown, after, appendedAt };
}

/**
 * One case at a time for a key: rule, integration and whatever else the rule distinguishes, joined by colons.
 * A colon within an identifier is escaped, so no integration can write itself into the case of another.
 */
export function breachKeyOf(rule: Rule, subject: BreachSubject): string {
  const parts: Record<KeyDimension, string> = {
    integration: escapeColon(subject.integrationId),
    agreement: escapeColon(subject.agreementId),
    route: subject.route,
  };
  const key = [rule.id, ...rule.key.map((dimension) => parts[dimension])].join(':');
  return subject.isShadow ? `${SHADOW}${key}` : key;
}

// No rule is called so.
const SHADOW = 'shadow:';

/** Whether a case is of a rule in shadow: recorded, told to nobody, and shown to ops alone. */
export function isInShadow({ breachKey }: Pick<Breach, 'breachKey'>): boolean {
  return breachKey.startsWith(SHADOW);
}

/** Worse, or as bad and earlier. */
function outranks({ verdict }: Finding, held: Finding | null): boolean {
  if (!held) return true;
  const rise = SEVERITIES.indexOf(verdict.severity) - SEVERITIES.indexOf(held.verdict.severity);
  return rise > 0 || (rise === 0 && verdict.windowEnd < held.verdict.windowEnd);
}

function higher(left: Peak, right: Peak): Peak {
  if (left.value !== right.value) return left.value > right.value ? left : right;
  return left.windowEnd <= right.windowEnd ? left : right;
}

function peakOf({ value, windowEnd }: Peak): Peak {
  return { value, windowEnd };
}

/** At the same severity: an earlier first minute, or other figures for the same one. */
function correctsProof({ observed, threshold, evidence }: Breach, verdict: Verdict): boolean {
  if (verdict.windowEnd !== observed.windowEnd) return verdict.windowEnd < observed.windowEnd;
  return (
    verdict.value !== observed.value ||
    verdict.threshold !== threshold ||
    verdict.evidence.length !== evidence.length ||
    verdict.evidence.some(
      ({ windowEnd, value }, index) =>
        windowEnd !== evidence[index]!.windowEnd || value !== evidence[index]!.value,
    )
  );
}

function opened(finding: Finding, context: BreachContext): Breach {
  const { rule, subject } = context;
  return {
    breachId: context.breachId,
    breachKey: breachKeyOf(rule, subject),
    version: 1,
    ruleId: rule.id,
    state: 'open',
    scope: {
      integrationId: subject.integrationId,
      organizationId:
        rule.key.includes('agreement') && subject.agreementId !== '' ? subject.agreementId : null,
      route: rule.key.includes('route') ? subject.route : null,
    },
    occurrence: 1,
    openedAt: finding.appendedAt,
    retroactive: isRetroactive(finding),
    ...proof(finding, context),
  };
}

/**
 * Of the finding that opened or worsened the case, never of a correction: it says whether people were told at
 * the time. A live escalation of a case that a backlog opened must reach people.
 */
function isRetroactive({ verdict, appendedAt, policy }: Finding): boolean {
  return Date.parse(appendedAt) - Date.parse(verdict.windowEnd) > policy.evaluationHorizonMs;
}

/** The figures of a verdict, and what is said about them. */
function proof({ verdict, policy }: Finding, { rule, subject }: BreachContext) {
  const { value, unit, windowStart, windowEnd, severity, threshold } = verdict;
  return {
    policyVersion: policy.version,
    severity,
    observed: { value, unit, windowStart, windowEnd },
    threshold,
    guidance: guidanceFor(rule.id, verdict, subject, policy),
    evidence: verdict.evidence,
  };
}

function escapeColon(identifier: string): string {
  return identifier.replaceAll('%', '%25').replaceAll(':', '%3A');
}
