/** The routes of back-tests as values: who may call what, what goes in, what comes out. */
import { fields, SEVERITIES } from '@taxameter/contracts';
import { defineRoute, pageOf, pageQuery } from '@taxameter/platform';
import { z } from 'zod';
import { writtenPolicy as written } from '../policy/policies-routes.js';

const params = z.object({ backTestId: fields.identifier(64) });

const summary = z.object({
  ruleId: z.string(),
  change: z.enum(['new', 'gone', 'sharper', 'milder', 'same']),
  cases: z.int(),
  integrations: z.int(),
});

const backTest = z.object({
  backTestId: z.string(),
  state: z.enum(['queued', 'running', 'done', 'cancelled', 'failed']),
  from: fields.instant,
  to: fields.instant,
  createdAt: fields.instant,
  finishedAt: fields.instant.nullable(),
  progress: z
    .object({ integrations: z.int(), judged: z.int() })
    .nullable()
    .describe('integrations with something to judge; null until the signals were looked through'),
  cases: z.int().describe('found so far, under either policy'),
  error: z.string().nullable(),
});

const backTestResult = backTest.extend({
  summary: z.array(summary).describe('by rule; `new`: the candidate opens it and today’s policy does not'),
  hit: z
    .array(z.string())
    .describe('integrations with a new or a sharper case: tell them 30 days before the policy is in force'),
});

const historicCase = z.object({
  severity: z.enum(SEVERITIES),
  openedAt: fields.instant.describe('end of the first window in which the rule found something'),
  lastAt: fields.instant,
  value: z.number(),
  unit: z.string(),
  threshold: z.number(),
  windowStart: fields.instant.describe('of the window with the highest value'),
  windowEnd: fields.instant,
  findings: z.int(),
});

const comparedCase = z.object({
  change: summary.shape.change,
  ruleId: z.string(),
  integrationId: z.string(),
  organizationId: z.string().nullable(),
  route: z.string().nullable(),
  candidate: historicCase.nullable(),
  today: historicCase.nullable(),
});

export const postBackTest = defineRoute({
  method: 'POST',
  path: '/v1/back-tests',
  summary: 'Tries a policy on what was called already, beside the policy in force',
  description:
    'Nothing is opened and nobody is told. Cases of one rule and subject that lie within a day of each other are one case, as they would be ' +
    'live. The answer comes at once; the work is done in the background.',
  roles: ['ops'],
  body: z.strictObject({
    ...written,
    from: fields.instant,
    to: fields.instant,
  }),
  command: true,
  responses: { 202: { description: 'It waits for its turn', schema: backTest } },
});

export const getBackTests = defineRoute({
  method: 'GET',
  path: '/v1/back-tests',
  summary: 'The latest back-tests, newest first',
  roles: ['ops'],
  responses: { 200: { description: 'Fifty at most', schema: z.object({ items: z.array(backTest) }) } },
});

export const getBackTest = defineRoute({
  method: 'GET',
  path: '/v1/back-tests/:backTestId',
  summary: 'How far a back-test is, and what it found',
  roles: ['ops'],
  params,
  responses: { 200: { description: 'The back-test', schema: backTestResult } },
});

export const getBackTestCases = defineRoute({
  method: 'GET',
  path: '/v1/back-tests/:backTestId/cases',
  summary: 'The cases of a back-test, under the candidate and under today’s policy',
  roles: ['ops'],
  params,
  query: z.object({
    change: summary.shape.change.optional(),
    limit: pageQuery.limit,
    cursor: z
      .string()
      .regex(/^\d{1,9}$/, 'is not a nextCursor')
      .optional()
      .describe('nextCursor of the page before'),
  }),
  responses: { 200: { description: 'A page of cases, by integration', schema: pageOf(comparedCase) } },
});

const text = z.object({ subject: z.string(), text: z.string() });
const notice = z.object({
  integrationId: z.string(),
  rules: z.array(
    z.object({
      ruleId: z.string(),
      cases: z.int().describe('so many new or sharper ones'),
      worst: comparedCase,
    }),
  ),
  message: z.object({ da: text, en: text }).describe('prepared, not sent: a person sends it'),
});

export const getBackTestNotices = defineRoute({
  method: 'GET',
  path: '/v1/back-tests/:backTestId/notices',
  summary: 'Messages to those for whom the policy is sharper, integration by integration',
  description:
    'For each integration with a new or a sharper case: which rule, what would have opened and when, the limit now and then, and what to change. ' +
    'They are told 30 days before the policy is in force.',
  roles: ['ops'],
  params,
  query: z.object({
    effectiveFrom: fields.instant
      .optional()
      .describe('when the policy is to be in force; left out: the day after 30 days from now'),
    limit: pageQuery.limit,
    cursor: fields.identifier(100).optional().describe('nextCursor of the page before'),
  }),
  responses: {
    200: { description: 'A page of messages', schema: pageOf(notice) },
    409: { description: 'The back-test is not done' },
  },
});

export const postCancelBackTest = defineRoute({
  method: 'POST',
  path: '/v1/back-tests/:backTestId/cancel',
  summary: 'Stops a back-test',
  description: 'What was found so far stays. One that is done already stays as it is.',
  roles: ['ops'],
  params,
  body: z.strictObject({}),
  command: true,
  responses: { 200: { description: 'The back-test', schema: backTest } },
});

export type BackTestShown = z.input<typeof backTest>;
export type ComparedCaseShown = z.input<typeof comparedCase>;
export type NoticeShown = z.input<typeof notice>;
