import type { Breach } from '@taxameter/contracts';
import type { Peak } from '../breach/decide-breach.js';
import type { Evidence } from '../evidence/evidence.js';
import type { Bilingual } from '../guidance/text.js';
import type { Handling } from '../handling/handling.js';
import { lastMoment, SEVERITY_WORDS } from '../handling/in-words.js';
import type { Policy } from '../policy/policy.js';
import { RULES } from '../rules/registry.js';
import { harmInWords } from './harm.js';
import { nextSteps } from './next-steps.js';
import { isComparable, quantity } from './quantity.js';
import { savingOf, type Saving } from './saving.js';
import { clock, measurements, moment, span } from './when.js';

/**
 * Makes of a case what a partner can act on: what was seen, when, what to change, what that saves, and what happens next. Page, message and
 * PDF say the same, since they all take it from here.
 */

export interface CaseAsKept {
  readonly breach: Breach;
  readonly peak: Peak;
  readonly handling: Pick<Handling, 'state' | 'isFalsePositive' | 'deadline'>;
  /** When the newest thing happened that the reader may see: the report is of that instant, whenever it is drawn. */
  readonly asOf: string;
  /** What it meant for the platform; absent: not frozen yet. */
  readonly harm?: Evidence['harm'];
}

export const SECTIONS = ['when', 'change', 'saving', 'next'] as const;

export interface Fact {
  readonly name: Bilingual;
  readonly value: Bilingual;
}

export interface Section {
  readonly id: (typeof SECTIONS)[number];
  readonly title: Bilingual;
  readonly paragraphs: readonly Bilingual[];
}

export interface Report extends Pick<Breach, 'breachId' | 'version' | 'ruleId' | 'policyVersion'> {
  readonly severity: Breach['severity'];
  readonly scope: Breach['scope'];
  readonly asOf: string;
  readonly title: Bilingual;
  readonly unit: string;
  /** What was seen, line by line. */
  readonly facts: readonly Fact[];
  /** The measurements that prove it, oldest first. */
  readonly evidence: Breach['evidence'];
  /** What each measurement can be held against; null where only their sum has a limit. */
  readonly limit: number | null;
  readonly saving: Omit<Saving, 'text'> | null;
  readonly deadline: string | null;
  /** A section about which there is nothing to say is left out. */
  readonly sections: readonly Section[];
}

/** @param policy the one in force; a case that another version judged has no saving */
export function reportOf({ breach, peak, handling, asOf, harm }: CaseAsKept, policy: Policy): Report {
  const { breachId, version, ruleId, policyVersion, severity, scope, evidence, observed, threshold } = breach;
  const title = titleOf(ruleId);
  const saving = savingOf(breach, policy);
  const steps = nextSteps({ severity, ...handling }, policy.reopenWithinMs);
  const sections: Section[] = [
    {
      id: 'when',
      title: { da: 'Hvornår det skete', en: 'When it happened' },
      paragraphs: whenItHappened(breach),
    },
    { id: 'change', title: { da: 'Hvad I kan gøre', en: 'What you can do' }, paragraphs: [breach.guidance] },
    {
      id: 'saving',
      title: { da: 'Hvad det sparer', en: 'What it saves' },
      paragraphs: saving ? [saving.text] : [],
    },
    {
      id: 'next',
      title: { da: 'Hvad der sker nu', en: 'What happens next' },
      paragraphs: [...steps, helpOffered(breachId)],
    },
  ];
  return {
    breachId,
    version,
    ruleId,
    policyVersion,
    severity,
    scope,
    asOf,
    title,
    unit: observed.unit,
    facts: factsOf(breach, { title, peak, deadline: handling.deadline, harm }),
    evidence,
    limit: isComparable(observed.unit) ? threshold : null,
    saving: saving && { calls: saving.calls, inMinutes: saving.inMinutes },
    deadline: handling.deadline,
    sections: sections.filter(({ paragraphs }) => paragraphs.length > 0),
  };
}

/** A rule that is gone is still called by its id. */
export function titleOf(ruleId: string): Bilingual {
  return RULES.find(({ id }) => id === ruleId)?.title ?? { da: ruleId, en: ruleId };
}

function factsOf(
  { ruleId, scope, observed, threshold, severity, openedAt, occurrence }: Breach,
  {
    title,
    peak,
    deadline,
    harm,
  }: { title: Bilingual; peak: Peak; deadline: string | null; harm: Evidence['harm'] | undefined },
): Fact[] {
  const { value, unit, windowStart, windowEnd } = observed;
  const isOfAgreements = RULES.find(({ id }) => id === ruleId)?.key.includes('agreement') ?? false;
  const agreement = scope.organizationId ?? (isOfAgreements ? null : undefined);
  const word = SEVERITY_WORDS[severity];
  const { calls = null, serverTime = null, p95 = null } = harm ? harmInWords(harm) : {};
  const facts: (Fact | false | null)[] = [
    fact('Regel', 'Rule', title),
    fact('Integration', 'Integration', same(scope.integrationId)),
    agreement !== undefined &&
      fact('Aftale', 'Agreement', agreement === null ? { da: 'ingen', en: 'none' } : same(agreement)),
    scope.route !== null && fact('Adresse', 'Route', same(scope.route)),
    fact('Alvor', 'Severity', word),
    fact('Målt', 'Measured', quantity(value, unit)),
    fact('Grænse', 'Limit', quantity(threshold, unit)),
    fact('Tidsrum', 'Window', span(windowStart, windowEnd)),
    peak.value > value && fact('Højest siden', 'Highest since', peakText(peak, unit)),
    calls && fact('Andel af alle kald', 'Share of all calls', calls),
    serverTime && fact('Andel af al servertid', 'Share of all server time', serverTime),
    p95 && fact('95 % af alle kald tog', '95% of all calls took', p95),
    fact('Sagen åbnet', 'Case opened', moment(openedAt)),
    occurrence > 1 &&
      fact('Gange', 'Occurrences', {
        da: `sagen er åbnet ${occurrence} gange`,
        en: `the case was opened ${occurrence} times`,
      }),
    deadline !== null && fact('Frist', 'Deadline', lastMoment(deadline)),
  ];
  return facts.filter((known) => known !== false && known !== null);
}

function peakText({ value, windowEnd }: Peak, unit: string): Bilingual {
  const [most, end] = [quantity(value, unit), moment(windowEnd)];
  return { da: `${most.da}, frem til ${end.da}`, en: `${most.en}, up to ${end.en}` };
}

function whenItHappened({ evidence, observed }: Breach): Bilingual[] {
  const [first] = evidence;
  if (!first) return [];
  const last = evidence.at(-1)!;
  const most = evidence.reduce((best, next) => (next.value > best.value ? next : best));
  const [times, during] = [measurements(evidence), span(first.windowStart, last.windowEnd)];
  const [top, at] = [quantity(most.value, observed.unit), clock(most.windowStart)];
  return [
    {
      da: `Det skete i ${times.da} i tidsrummet ${during.da} (dansk tid). Toppen var kl. ${at.da} med ${top.da}.`,
      en: `It happened in ${times.en} within ${during.en} (Danish time). The peak was at ${at.en} with ${top.en}.`,
    },
  ];
}

function helpOffered(breachId: string): Bilingual {
  return {
    da: `Er I i tvivl om noget, eller vil I gerne have hjælp, så skriv til os og oplys sagsnummer ${breachId}.`,
    en: `If you have any questions or would like help, write to us and quote case number ${breachId}.`,
  };
}

function fact(da: string, en: string, value: Bilingual): Fact {
  return { name: { da, en }, value };
}

function same(text: string): Bilingual {
  return { da: text, en: text };
}
