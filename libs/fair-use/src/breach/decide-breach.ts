import { SEVERITIES, type Breach } from '@taxameter/contracts';
import { guidanceFor } from '../guidance/guidance.js';
import type { Policy } from '../policy/policy.js';
import type { KeyDimension, Rule } from '../rules/registry.js';
import type { Verdict } from '../rules/verdict.js';

/**
 * Decides what a verdict does to a case: open it, make it worse, or nothing. A case is opened once and its
 * evidence stays as it was when it was opened or last made worse, so that what a partner was told can always
 * be shown. A lower verdict changes nothing here; resolving by hysteresis reads the same verdicts and sets
 * `state`.
 */

/** What a case is about. Absent is the empty string. */
export interface BreachSubject {
  readonly integrationId: string;
  readonly agreementId: string;
  readonly route: string;
}

export interface BreachContext {
  readonly rule: Rule;
  readonly subject: BreachSubject;
  /** The policy that gave the verdict. */
  readonly policy: Policy;
  /**
   * Log append time of the newest record that the verdict rests on, RFC 3339. Never the time of processing.
   */
  readonly appendedAt: string;
  /** The id to use if a case is opened. */
  readonly breachId: string;
}

export interface BreachDecision {
  readonly breach: Breach;
  readonly event: 'opened' | 'escalated';
}

/**
 * @param current the latest state of the case with this key, null when there is none. After a resolved one a
 * new case opens
 * @returns the whole new state with the event to publish, or null when nothing changes
 */
export function decideBreach(
  current: Breach | null,
  verdict: Verdict | null,
  context: BreachContext,
): BreachDecision | null {
  if (!verdict) return null;
  if (!current || current.state === 'resolved') {
    return { event: 'opened', breach: opened(verdict, context) };
  }
  if (SEVERITIES.indexOf(verdict.severity) <= SEVERITIES.indexOf(current.severity)) return null;
  return {
    event: 'escalated',
    breach: { ...current, ...findings(verdict, context), version: current.version + 1 },
  };
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
  return [rule.id, ...rule.key.map((dimension) => parts[dimension])].join(':');
}

function opened(verdict: Verdict, context: BreachContext): Breach {
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
    openedAt: context.appendedAt,
    ...findings(verdict, context),
  };
}

/** What is frozen when a case is opened and again each time it becomes worse. */
function findings(verdict: Verdict, { rule, subject, policy, appendedAt }: BreachContext) {
  const { value, unit, windowStart, windowEnd, severity, threshold } = verdict;
  return {
    policyVersion: policy.version,
    severity,
    observed: { value, unit, windowStart, windowEnd },
    threshold,
    // Of this finding, not of the case: a live escalation of a case that a backlog opened must reach people.
    retroactive: Date.parse(appendedAt) - Date.parse(windowEnd) > policy.evaluationHorizonMs,
    guidance: guidanceFor(rule.id, verdict, subject, policy),
    evidence: verdict.evidence,
  };
}

function escapeColon(identifier: string): string {
  return identifier.replaceAll('%', '%25').replaceAll(':', '%3A');
}
