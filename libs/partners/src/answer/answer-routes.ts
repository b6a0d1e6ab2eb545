/** The routes of answers as values: who may call what, what goes in, what comes out. */
import { fields } from '@taxameter/contracts';
import { defineRoute, pageOf, pageQuery } from '@taxameter/platform';
import { z } from 'zod';
import { commandAnswer, commandFields } from '../change/command-body.js';
import { answerState, houseWords, partnerWords, spokenState } from './answer.js';

const params = z.object({ restrictionId: fields.identifier(64) });
const answered = { 201: { description: 'That it was said', schema: spokenState.extend(commandAnswer) } };
const { version } = commandFields;

export const postReply = defineRoute({
  method: 'POST',
  path: '/v1/restrictions/:restrictionId/replies',
  summary: 'Replies to a restriction, says that the fault is mended, or objects',
  description:
    'For the partner that owns the integration. `answerDueAt` is when it gets an answer at the latest. `mended` asks for a new ' +
    'measurement from now on. Nothing ends by it: a person decides.',
  roles: ['partner'],
  params,
  body: z.strictObject({ kind: z.enum(['reply', 'mended', 'objection']), text: partnerWords, version }),
  command: true,
  responses: answered,
});

export const postAnswer = defineRoute({
  method: 'POST',
  path: '/v1/restrictions/:restrictionId/answers',
  summary: 'Answers the partner, in Danish and English',
  roles: ['ops'],
  params,
  body: z.strictObject({ answer: houseWords, version }),
  command: true,
  responses: answered,
});

export const getAnswers = defineRoute({
  method: 'GET',
  path: '/v1/restrictions/:restrictionId/answers',
  summary: 'What was said about a restriction, oldest first',
  description: 'A partner sees what was said since it owns the integration.',
  roles: ['ops', 'partner'],
  params,
  query: z.object({
    ...pageQuery,
    cursor: z
      .string()
      .regex(/^\d{1,9}$/, 'is not a nextCursor')
      .optional()
      .describe('nextCursor of the page before'),
  }),
  responses: { 200: { description: 'A page of what was said', schema: pageOf(answerState) } },
});

export const getWaitingReplies = defineRoute({
  method: 'GET',
  path: '/v1/replies/waiting',
  summary: 'What partners wait for an answer to, the longest overdue first',
  roles: ['ops'],
  query: z.object({
    ...pageQuery,
    cursor: z
      .string()
      .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z_[!-{}~]{1,64}$/, 'is not a nextCursor')
      .optional()
      .describe('nextCursor of the page before'),
    isOverdue: z.enum(['true', 'false']).optional().describe('true: only those whose time is up'),
  }),
  responses: {
    200: {
      description: 'The newest word of each',
      schema: pageOf(answerState.extend({ isOverdue: z.boolean() })),
    },
  },
});
