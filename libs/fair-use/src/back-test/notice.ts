import { SEVERITIES } from '@taxameter/contracts';
import { guidanceFor } from '../guidance/guidance.js';
import type { Bilingual } from '../guidance/text.js';
import type { ContactText } from '../handling/contact-text.js';
import { firstDay, SEVERITY_WORDS } from '../handling/in-words.js';
import { comparePolicies } from '../policy/compare-policies.js';
import type { PolicyDocument } from '../policy/policy-document.js';
import { policiesOf } from '../policy/policies.js';
import { shownTo } from '../policy/show-policy.js';
import type { RuleId } from '../policy/policy.js';
import { quantity } from '../report/quantity.js';
import { moment } from '../report/when.js';
import { ruleNamed } from '../rules/registry.js';
import { minuteOf } from '../signals/minute.js';
import type { ComparedCase, HistoricCase } from './historic-cases.js';

/**
 * Writes to a partner, before a sharper policy is in force, what it would have found in the partner's calls: which rule, what and when,
 * the limit now and then, from which day it holds, and what to change. A person sends it.
 */

/** A new or a sharper case: the candidate has it. */
type Hit = ComparedCase & { readonly candidate: HistoricCase };

export interface RuleHit {
  readonly ruleId: RuleId;
  readonly cases: number;
  readonly worst: Hit;
}

/** By rule, the worst of each. @param cases of one integration, new or sharper */
export function hitsByRule(cases: readonly ComparedCase[]): RuleHit[] {
  const byRule = new Map<RuleId, Hit[]>();
  for (const one of cases) {
    if (!one.candidate) continue;
    const own = byRule.get(one.candidate.ruleId) ?? [];
    own.push({ ...one, candidate: one.candidate });
    byRule.set(one.candidate.ruleId, own);
  }
  return [...byRule].map(([ruleId, own]) => ({
    ruleId,
    cases: own.length,
    worst: own.reduce((worst, next) => (isWorse(next.candidate, worst.candidate) ? next : worst)),
  }));
}

function isWorse(left: HistoricCase, right: HistoricCase): boolean {
  const rise = SEVERITIES.indexOf(left.severity) - SEVERITIES.indexOf(right.severity);
  return rise > 0 || (rise === 0 && left.value > right.value);
}

export interface NoticeInput {
  readonly integrationId: string;
  readonly hits: readonly RuleHit[];
  readonly candidate: PolicyDocument;
  readonly today: PolicyDocument;
  /** RFC 3339 */
  readonly effectiveFrom: string;
}

export function noticeText({
  integrationId,
  hits,
  candidate,
  today,
  effectiveFrom,
}: NoticeInput): ContactText {
  const viewer = { own: new Set([integrationId]) };
  const { changes } = comparePolicies(shownTo(viewer, today), shownTo(viewer, candidate));
  const from = firstDay(effectiveFrom);
  const parts = hits.map((hit) => {
    const own = changes.filter(
      ({ path, direction }) =>
        path.split(/[./]/).includes(hit.ruleId) && (direction === 'sharper' || direction === 'mixed'),
    );
    return ruleText(
      hit,
      candidate,
      own.map(({ text }) => text),
    );
  });
  return {
    da: {
      subject: `Nye grænser for fair use fra ${from.da}: integrationen ${integrationId}`,
      text: paragraphs(
        'Hej',
        `Fra ${from.da} gælder der nye grænser for fair use. Vi har prøvet dem på de kald, som jeres integration ${integrationId} allerede har foretaget. ` +
          'Havde de været i kraft, ville følgende være blevet til en sag. I dag sker der ingenting, og I har tid til at rette det.',
        ...parts.map(({ da }) => da),
        'Svar på denne besked, hvis I er i tvivl om noget eller gerne vil have hjælp.',
      ),
    },
    en: {
      subject: `New fair-use limits from ${from.en}: the integration ${integrationId}`,
      text: paragraphs(
        'Hello',
        `From ${from.en}, new fair-use limits apply. We have tried them on the calls that your integration ${integrationId} has already made. ` +
          'Had they been in force, the following would have become a case. Nothing happens today, and you have time to change it.',
        ...parts.map(({ en }) => en),
        'Reply to this message if you have any questions or would like help.',
      ),
    },
  };
}

function ruleText(
  { ruleId, cases, worst: { candidate, today } }: RuleHit,
  document: PolicyDocument,
  changes: readonly Bilingual[],
): Bilingual {
  const { title } = ruleNamed(ruleId);
  const { value, unit, threshold, severity, openedAt, windowEnd, subject } = candidate;
  const [seen, limit, at] = [quantity(value, unit), quantity(threshold, unit), moment(openedAt)];
  const words = SEVERITY_WORDS[severity];
  const before = today && { limit: quantity(today.threshold, unit), words: SEVERITY_WORDS[today.severity] };
  const policy = policiesOf([{ version: 1, effectiveFrom: null, document }]).at(
    subject.integrationId,
    subject.agreementId,
    minuteOf(windowEnd) - 1,
  );
  const guidance = guidanceFor(ruleId, { ...candidate, evidence: [] }, subject, policy);
  const lines = (language: keyof Bilingual, own: readonly string[]) =>
    [...own, ...changes.map((change) => `– ${change[language]}`), guidance[language]].join('\n');
  return {
    da: lines('da', [
      title.da,
      `${cases === 1 ? 'En sag' : `${cases} sager, den værste`} (${words.da}) ville være åbnet ${at.da}: målt ${seen.da}, og den nye grænse er ${limit.da}.`,
      before
        ? `Med grænsen i dag (${before.limit.da}) er det en sag med alvoren ${before.words.da}.`
        : 'Med grænserne i dag er det ingen sag.',
    ]),
    en: lines('en', [
      title.en,
      `${cases === 1 ? 'A case' : `${cases} cases, the worst`} (${words.en}) would have opened ${at.en}: ${seen.en} observed, and the new limit is ${limit.en}.`,
      before
        ? `By today’s limit (${before.limit.en}) it is a case (${before.words.en}).`
        : 'By today’s limits it is no case.',
    ]),
  };
}

function paragraphs(...texts: readonly string[]): string {
  return texts.join('\n\n');
}
