import { z } from 'zod';
import { defineEvent } from '../cloud-event.js';
import { identifier, instant } from '../text.js';

/** What a partner may say of a restriction, and that it was answered. */
export const ANSWER_KINDS = ['reply', 'mended', 'objection', 'answer'] as const;

/** Somebody has spoken of a restriction. `mended`: what is measured from `at` on is the mended integration. No words: they are between the two. */
export const restrictionAnswered = defineEvent({
  type: 'dk.dinero.partners.restriction_answered.v1',
  title: 'Restriction answered',
  description:
    'The partner has replied to a restriction, said that the fault is mended, or objected; or it was given an answer.',
  data: z.object({
    restrictionId: identifier(64),
    integrationId: identifier(100),
    version: z.int().min(1).describe('grows by one with each of them'),
    kind: z.enum(ANSWER_KINDS),
    at: instant,
    answerDueAt: instant
      .nullable()
      .describe('before this instant the partner gets an answer; null: nothing is open'),
  }),
});

export type RestrictionAnsweredEvent = z.input<typeof restrictionAnswered.schema>;
