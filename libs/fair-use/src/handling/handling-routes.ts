/** The routes of handling as values: who may call what, what goes in, what comes out. */
import { breachOpened, fields } from '@taxameter/contracts';
import { defineRoute, pageOf, pageQuery } from '@taxameter/platform';
import { z } from 'zod';
import { handlingSchema, noteText } from './handling.js';

const params = z.object({ breachId: fields.identifier(64) });
const version = z
  .int()
  .min(0)
  .optional()
  .describe('`handling.version` as you saw it, 0 for "nobody has touched it"; 409 when it is another by now');
const reason = fields.text(500).describe('kept in the audit for ever: name no person');

/** Without names, as it is kept for a repeated command. */
const answer = handlingSchema.omit({ assignee: true }).extend({
  breachId: z.string(),
  changed: z.boolean().describe('false: it already was so, and the version is the old one'),
});

const command = <Body extends z.ZodRawShape>(
  path: string,
  summary: string,
  body: Body,
  description?: string,
) =>
  defineRoute({
    method: 'POST',
    path: `/v1/breaches/:breachId/${path}`,
    summary,
    ...(description !== undefined && { description }),
    roles: ['ops'],
    params,
    body: z.strictObject({ ...body, version }),
    command: true,
    responses: { 200: { description: 'How far people are with the case', schema: answer } },
  });

export const postAcknowledge = command('acknowledge', 'Says that somebody looks at a case', {
  reason: reason.optional(),
});

export const postAssign = command('assign', 'Gives a case to somebody, or takes it back', {
  assignee: fields.text(100).nullable().describe('a token’s id or a name; null: nobody'),
  reason: reason.optional(),
});

export const postContact = command(
  'contact',
  'Prepares the message to the partner in Danish and English, and sets its deadline',
  {
    deadline: fields.instant
      .nullable()
      .optional()
      .describe('left out: the end of the 10th working day for a warning, of the 5th for what is worse'),
    reason: reason.optional(),
  },
  'Nothing is sent: `contact` of the answer is what you send.',
);

export const postSnooze = command('snooze', 'Puts a case off until an instant, or no longer', {
  until: fields.instant.nullable().describe('at most 90 days ahead; null: it is no longer put off'),
  reason: reason.optional(),
});

export const postResolve = command(
  'resolve',
  'Settles a case',
  { reason },
  'What was called up to the end of the present minute is over. If the rule is broken by later calls alone, the case is opened ' +
    'again within 24 hours, and another one is opened after that.',
);

export const postReopen = command(
  'reopen',
  'Takes a resolution back',
  { reason },
  'As if the case had never been settled. 409 when the rule was broken again since: that is a case of its own.',
);

export const postFalsePositive = command(
  'false-positive',
  'Settles a case as a false positive',
  { reason },
  'Counted in the statistics of the rule. A case that is settled already can be marked too.',
);

export const postNote = command('notes', 'Writes a note on a case', {
  note: noteText.describe('for our own people; no partner reads it'),
});

const step = z.object({
  at: fields.instant,
  kind: z
    .string()
    .describe(
      'opened, escalated or revised by calls, resolved by quiet, flapping (once); acknowledged, assigned, contacted, snoozed, resolved, marked_false_positive, ' +
        'reopened or noted by people',
    ),
  text: z.object({ da: z.string(), en: z.string() }),
  actor: z
    .object({ id: z.string().nullable(), role: z.string() })
    .nullable()
    .describe('null: calls did it; `id` is null for a partner'),
  reason: z.string().nullable().describe('null for a partner'),
  note: z.string().nullable().describe('null for a partner'),
  breach: breachOpened.schema.shape.data
    .pick({ version: true, severity: true, occurrence: true, observed: true, threshold: true })
    .nullable()
    .describe('what calls made of it'),
});

export const getTimeline = defineRoute({
  method: 'GET',
  path: '/v1/breaches/:breachId/timeline',
  summary: 'What has happened to a case, newest first',
  description:
    'What calls did to it and each step of people. A partner sees no names, no reasons, and not who has the case, whether it is put ' +
    'off, and what is noted.',
  roles: ['ops', 'partner'],
  params,
  query: z.object({
    ...pageQuery,
    cursor: z
      .string()
      .regex(
        /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z_(calls|frequency|people)_\d{1,15}$/,
        'is not a nextCursor',
      )
      .optional()
      .describe('nextCursor of the page before'),
  }),
  responses: { 200: { description: 'A page of steps', schema: pageOf(step) } },
});

const ruleStatistics = z.object({
  ruleId: z.string(),
  cases: z.int(),
  open: z.int().describe('of the cases, those that are open'),
  occurrences: z.int().describe('how often the cases were opened: one may be opened again'),
  falsePositives: z.int().describe('of the occurrences'),
  shadowCases: z.int().describe('found while the rule was in shadow; in none of the others'),
  shadowFalsePositives: z.int().describe('of what was found in shadow'),
});

export const getStatistics = defineRoute({
  method: 'GET',
  path: '/v1/rules/statistics',
  summary: 'How often each rule opened a case, and how often people found that it should not have',
  roles: ['ops'],
  responses: {
    200: {
      description: 'All rules in force, and those that ever opened a case',
      schema: z.object({ rules: z.array(ruleStatistics) }),
    },
  },
});

export type StepShown = z.input<typeof step>;
export type RuleStatistics = z.input<typeof ruleStatistics>;
