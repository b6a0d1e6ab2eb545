import { SEVERITIES, type Severity } from '@taxameter/contracts';
import type { BreachSubject } from '../breach/decide-breach.js';
import type { RuleId } from '../policy/policy.js';
import { minuteStart } from '../signals/minute.js';
import type { HistoricFinding } from './judge-history.js';

/** Says which cases a policy would have opened, and how that differs from another policy. */

export interface HistoricCase {
  readonly ruleId: RuleId;
  readonly subject: BreachSubject;
  /** The worst. */
  readonly severity: Severity;
  /** End of the first window in which the rule found something, RFC 3339. */
  readonly openedAt: string;
  /** End of the last one. */
  readonly lastAt: string;
  /** The highest value at that severity, and its limit. */
  readonly value: number;
  readonly unit: string;
  readonly threshold: number;
  /** The window of that value, RFC 3339. */
  readonly windowStart: string;
  readonly windowEnd: string;
  /** On so many minutes (hours, of a rule about hours) the rule found something. */
  readonly findings: number;
}

/**
 * The cases that findings of one rule on one subject make: what is found within `reopenWithinMs` of the finding before belongs to the
 * same case, as a case that was settled in between would be opened again.
 * @param findings ascending by minute
 */
export function casesOf(
  ruleId: RuleId,
  subject: BreachSubject,
  findings: readonly HistoricFinding[],
  reopenWithinMs: number,
): HistoricCase[] {
  const groups: HistoricFinding[][] = [];
  for (const finding of findings) {
    const before = groups.at(-1)?.at(-1);
    if (before && (finding.minute - before.minute) * 60_000 <= reopenWithinMs) groups.at(-1)!.push(finding);
    else groups.push([finding]);
  }
  return groups.map((group) => {
    const worst = group
      .map(({ verdict }) => verdict)
      .reduce((held, next) => (isWorse(next, held) ? next : held));
    return {
      ruleId,
      subject,
      severity: worst.severity,
      openedAt: minuteStart(group[0]!.minute + 1),
      lastAt: minuteStart(group.at(-1)!.minute + 1),
      value: worst.value,
      unit: worst.unit,
      threshold: worst.threshold,
      windowStart: worst.windowStart,
      windowEnd: worst.windowEnd,
      findings: group.length,
    };
  });
}

function isWorse(
  left: { readonly severity: Severity; readonly value: number },
  right: { readonly severity: Severity; readonly value: number },
): boolean {
  const rise = SEVERITIES.indexOf(left.severity) - SEVERITIES.indexOf(right.severity);
  return rise > 0 || (rise === 0 && left.value > right.value);
}

/** `new`: only the candidate would have opened it; `gone`: only today's policy. */
export type CaseChange = 'new' | 'gone' | 'sharper' | 'milder' | 'same';

export interface ComparedCase {
  readonly change: CaseChange;
  readonly candidate: HistoricCase | null;
  readonly today: HistoricCase | null;
}

/**
 * Cases of one rule and subject under both policies, side by side. Two belong together when they overlap; of several that overlap
 * one, the first is its partner and the others stand alone.
 */
export function compareCases(
  candidates: readonly HistoricCase[],
  todays: readonly HistoricCase[],
): ComparedCase[] {
  const left = [...todays];
  const compared = candidates.map((candidate): ComparedCase => {
    const place = left.findIndex(
      (today) => today.openedAt <= candidate.lastAt && candidate.openedAt <= today.lastAt,
    );
    if (place < 0) return { change: 'new', candidate, today: null };
    const [today] = left.splice(place, 1) as [HistoricCase];
    const rise = SEVERITIES.indexOf(candidate.severity) - SEVERITIES.indexOf(today.severity);
    return { change: rise > 0 ? 'sharper' : rise < 0 ? 'milder' : 'same', candidate, today };
  });
  return [...compared, ...left.map((today) => ({ change: 'gone' as const, candidate: null, today }))];
}
