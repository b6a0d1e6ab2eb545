import type {
  HeldSettings,
  HeldThreshold,
  Policy,
  ShareSettings,
  SumSettings,
  SweepSettings,
} from '../policy/policy.js';
import type { Verdict } from '../rules/verdict.js';
import {
  agreementText,
  hours,
  instantText,
  minutes,
  percent,
  verbatim,
  wholeNumber,
  type Bilingual,
  type Placeholders,
} from './text.js';

/** What a text of guidance is made of, and the figures that several of them name. */

/** What a case is about; `route` is the empty string where the rule has none. */
export interface GuidanceSubject {
  readonly agreementId: string;
  readonly route: string;
}

export interface Guidance {
  readonly template: Bilingual;
  readonly placeholders: (verdict: Verdict, subject: GuidanceSubject, policy: Policy) => Placeholders;
}

/** What the texts of all rules about minute after minute say. */
export function heldPlaceholders(
  verdict: Verdict,
  subject: GuidanceSubject,
  { windowMinutes, thresholds }: HeldSettings<HeldThreshold>,
): Placeholders {
  return {
    minutes: wholeNumber(thresholds[verdict.severity]?.minutes ?? verdict.evidence.length),
    window: minutes(windowMinutes),
    until: instantText(verdict.windowEnd),
    org: agreementText(subject.agreementId),
  };
}

/** What the texts of all rules about a share of the calls say. */
export function sharePlaceholders(
  verdict: Verdict,
  subject: GuidanceSubject,
  { windowMinutes, minCalls }: ShareSettings,
): Placeholders {
  return {
    window: minutes(windowMinutes),
    until: instantText(verdict.windowEnd),
    // Cut to 0.0 %, one call of thousands would read as none.
    value: verdict.value > 0 ? percent(verdict.value) : { da: 'under 0,1 %', en: 'less than 0.1%' },
    org: agreementText(subject.agreementId),
    sample: wholeNumber(minCalls),
  };
}

/** What the texts of the rules about a sum say. */
export function sumPlaceholders(
  verdict: Verdict,
  subject: GuidanceSubject,
  { windowMinutes }: SumSettings,
): Placeholders {
  return {
    value: wholeNumber(verdict.value),
    window: hours(windowMinutes),
    until: instantText(verdict.windowEnd),
    org: agreementText(subject.agreementId),
    limit: wholeNumber(verdict.threshold),
  };
}

/** What the texts of the rules about fetching a list say. */
export function sweepPlaceholders(
  verdict: Verdict,
  subject: GuidanceSubject,
  { windowMinutes }: SweepSettings,
): Placeholders {
  return {
    route: verbatim(subject.route),
    value: wholeNumber(verdict.value),
    window: minutes(windowMinutes),
    until: instantText(verdict.windowEnd),
    org: agreementText(subject.agreementId),
    limit: wholeNumber(verdict.threshold),
  };
}
