/** What partner and house say to each other about a restriction, and by when the partner gets an answer. */
import { ANSWER_KINDS, endOfWorkingDay, fields, type RestrictionTerms } from '@taxameter/contracts';
import { z } from 'zod';
import { RestrictionRefused } from '../restriction/restriction.js';

/** Words of people: with lines, without other control characters. */
const words = z
  .string()
  .trim()
  .min(1)
  .max(2_000)
  .regex(/^(?:[^\p{Cc}\p{Cs}]|\n)*$/u, 'holds a control character or half a surrogate pair');

export const partnerWords = words;
export const houseWords = z.object({ da: words, en: words });

export const answerState = z.object({
  restrictionId: fields.identifier(64),
  integrationId: fields.identifier(100),
  version: z.int().min(1).describe('the place in the exchange'),
  kind: z.enum(ANSWER_KINDS),
  text: words.nullable().describe('the words of the partner, in its language'),
  answer: houseWords.nullable().describe('our answer'),
  at: fields.instant,
  by: fields.text(200).nullable().describe('null for a partner'),
  byRole: z.string(),
  answerDueAt: fields.instant
    .nullable()
    .describe('before this instant the partner gets an answer; null: nothing is open'),
});

/** One thing that was said; the newest is the state of the exchange. */
export type Answer = z.output<typeof answerState>;

/** Working days in which a partner gets an answer: who is blocked waits less. */
export const ANSWER_WORKING_DAYS: Readonly<Record<RestrictionTerms['mode'], number>> = {
  block: 2,
  throttle: 5,
};

/** What two people have to say to each other in writing; beyond it they telephone. */
export const MAX_ANSWERS = 100;

export interface Spoken {
  readonly restrictionId: string;
  readonly integrationId: string;
  readonly by: string;
  readonly byRole: string;
}

/**
 * The partner speaks. The deadline is that of the first word without an answer: who writes again waits no longer.
 * @throws RestrictionRefused when the exchange is too long
 */
export function reply(
  newest: Answer | null,
  spoken: Spoken & { readonly kind: Exclude<Answer['kind'], 'answer'>; readonly text: string },
  mode: RestrictionTerms['mode'],
  now: Date,
): Answer {
  refuseTooLong(newest);
  const answerDueAt = newest?.answerDueAt ?? endOfWorkingDay(now, ANSWER_WORKING_DAYS[mode]).toISOString();
  return { ...spoken, version: 0, answer: null, at: now.toISOString(), answerDueAt };
}

/**
 * We answer, and nothing is open any more. What a partner waits for is answered, however long the exchange is by then.
 * @throws RestrictionRefused when the exchange is too long and nothing is open
 */
export function answer(
  newest: Answer | null,
  spoken: Spoken & { readonly answer: NonNullable<Answer['answer']> },
  now: Date,
): Answer {
  if (newest?.answerDueAt == null) refuseTooLong(newest);
  return { ...spoken, version: 0, kind: 'answer', text: null, at: now.toISOString(), answerDueAt: null };
}

/** What a command answers, and what the audit keeps: that something was said, not what (ADR 0015). */
export const spokenState = answerState.omit({ text: true, answer: true });

export function withoutWords({ text: _1, answer: _2, ...said }: Answer) {
  return said;
}

/** What a partner sees: not who of us has answered. */
export function withoutAuthor(said: Answer): Answer {
  return { ...said, by: null };
}

function refuseTooLong(newest: Answer | null): void {
  if (newest === null || newest.version < MAX_ANSWERS) return;
  throw new RestrictionRefused(
    409,
    'too-many-answers',
    'restrictionId',
    `${MAX_ANSWERS} messages were written about this restriction: telephone`,
  );
}
