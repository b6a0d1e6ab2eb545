/** The steps of a case in words, and as much of them as the reader may see. */
import type { Breach } from '@taxameter/contracts';
import type { BreachChange } from '../breach/decide-breach.js';
import { wholeNumber, type Bilingual } from '../guidance/text.js';
import { MINUTE_MS } from '../signals/minute.js';
import type { AuditedHandling } from './handling.js';
import { lastMoment, moment, SEVERITY_WORDS } from './in-words.js';

/** What people do, as it is audited. */
export const ACTIONS = [
  'breach_acknowledged',
  'breach_assigned',
  'breach_contacted',
  'breach_snoozed',
  'breach_resolved',
  'breach_marked_false_positive',
  'breach_reopened',
  'breach_noted',
] as const;
export type Action = (typeof ACTIONS)[number];

/** Ours alone: who has a case, that it waits, what we write about it. The policy of `audit_entry` says the same. */
export const INTERNAL_ACTIONS: readonly Action[] = ['breach_assigned', 'breach_snoozed', 'breach_noted'];

/**
 * What calls did to the case: `resolved` where it was over by itself, and `flapping` once, when it had come back too often. A person's
 * `resolved` and `reopened` are told once, as what the person did.
 */
export type JudgedChange = Exclude<BreachChange, 'reopened'> | 'flapping';

export interface JudgedStep {
  readonly change: JudgedChange;
  readonly breach: Breach;
}

export interface PersonsStep {
  readonly action: Action;
  readonly handling: AuditedHandling;
  /** Null where it is erased, or not for the reader, and for other steps. */
  readonly assignee: string | null;
}

export function describeJudged({ change, breach }: JudgedStep): Bilingual {
  const word = SEVERITY_WORDS[breach.severity];
  const value = figure(breach.observed.value);
  const limit = figure(breach.threshold);
  const figures = {
    da: `målt ${value.da}, grænse ${limit.da}`,
    en: `measured ${value.en}, limit ${limit.en}`,
  };
  switch (change) {
    case 'opened':
      return breach.occurrence === 1
        ? {
            da: `Sagen er åbnet (${word.da}): ${figures.da}.`,
            en: `The case was opened (${word.en}): ${figures.en}.`,
          }
        : {
            da: `Reglen er brudt igen (${word.da}): ${figures.da}.`,
            en: `The rule was broken again (${word.en}): ${figures.en}.`,
          };
    case 'escalated':
      return {
        da: `Sagen er blevet værre (${word.da}): ${figures.da}.`,
        en: `The case became worse (${word.en}): ${figures.en}.`,
      };
    case 'revised':
      return { da: `Tallene er rettet: ${figures.da}.`, en: `The figures were corrected: ${figures.en}.` };
    case 'resolved':
      return cleared(breach);
    case 'flapping':
      return {
        da: 'Sagen kommer og går: reglen er brudt igen mindst fire gange inden for et døgn.',
        en: 'The case comes and goes: the rule was broken again at least four times within 24 hours.',
      };
  }
}

function cleared({ resolvedThrough }: Breach): Bilingual {
  const since = moment(new Date(Date.parse(resolvedThrough!) + MINUTE_MS).toISOString());
  return {
    da: `Sagen er afsluttet af sig selv: forbruget har ligget et godt stykke under grænsen indtil ${since.da}.`,
    en: `The case was over by itself: use was well below the limit until ${since.en}.`,
  };
}

export function describePersons({ action, handling, assignee }: PersonsStep): Bilingual {
  switch (action) {
    case 'breach_acknowledged':
      return { da: 'Sagen er taget op.', en: 'The case was acknowledged.' };
    case 'breach_assigned':
      return assigned(handling.isAssigned, assignee);
    case 'breach_contacted':
      return contacted(handling.deadline);
    case 'breach_snoozed':
      return snoozed(handling.snoozedUntil);
    case 'breach_resolved':
      return { da: 'Sagen er løst.', en: 'The case was resolved.' };
    case 'breach_marked_false_positive':
      return {
        da: 'Sagen er afsluttet som falsk alarm.',
        en: 'The case was settled as a false positive.',
      };
    case 'breach_reopened':
      return { da: 'Sagen er genåbnet.', en: 'The case was reopened.' };
    case 'breach_noted':
      return { da: 'Der er skrevet et notat.', en: 'A note was written.' };
  }
}

function assigned(isAssigned: boolean, assignee: string | null): Bilingual {
  if (!isAssigned) {
    return { da: 'Sagen er ikke længere tildelt nogen.', en: 'The case is no longer assigned to anybody.' };
  }
  if (assignee === null)
    return { da: 'Sagen er tildelt en medarbejder.', en: 'The case was assigned to somebody.' };
  return { da: `Sagen er tildelt ${assignee}.`, en: `The case was assigned to ${assignee}.` };
}

function contacted(deadline: string | null): Bilingual {
  const text = { da: 'En besked til partneren er gjort klar.', en: 'A message to the partner was prepared.' };
  if (deadline === null) return text;
  const end = lastMoment(deadline);
  return { da: `${text.da} Frist: ${end.da}.`, en: `${text.en} Deadline: ${end.en}.` };
}

function snoozed(until: string | null): Bilingual {
  if (until === null) return { da: 'Sagen er ikke længere udsat.', en: 'The case is no longer put off.' };
  const end = moment(until);
  return { da: `Sagen er udsat til ${end.da}.`, en: `The case was put off until ${end.en}.` };
}

/** A value may be a ratio. */
function figure(value: number): Bilingual {
  if (Number.isInteger(value)) return wholeNumber(value);
  const rounded = String(Math.round(value * 1000) / 1000);
  return { da: rounded.replace('.', ','), en: rounded };
}
