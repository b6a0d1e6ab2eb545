/** The routes of restrictions as values: who may call what, what goes in, what comes out. */
import { fields, restrictionTerms } from '@taxameter/contracts';
import { defineRoute, pageOf, pageQuery } from '@taxameter/platform';
import { z } from 'zod';
import { commandAnswer, commandFields } from '../change/command-body.js';
import { affectedUse } from '../usual-use/affected-use.js';
import { PHASES, restrictionState } from './restriction.js';

/** A restriction as it is read: whether it binds now, and what whoever is bound by it may expect of us. */
const restrictionShown = restrictionState.extend({
  phase: z.enum(PHASES).describe('whether it binds at the moment of the answer'),
  answerWithinWorkingDays: z.int().describe('a reply of the partner is answered within so many working days'),
  answerDueAt: fields.instant.nullable().describe('by when its open reply is answered; null: none is open'),
});
export type RestrictionShown = z.output<typeof restrictionShown>;

const params = z.object({ restrictionId: fields.identifier(64) });
const answer = restrictionState.extend(commandAnswer);
const reason = fields.text(500).describe('for the audit; the partner reads the note');

const wanted = {
  ...restrictionTerms.shape,
  integrationId: fields.identifier(100),
  organizationIds: restrictionTerms.shape.organizationIds.default([]),
  limitPerMinute: restrictionTerms.shape.limitPerMinute.default(null),
  capability: restrictionTerms.shape.capability.default('all'),
  from: fields.instant.optional().describe('default: now'),
  until: restrictionTerms.shape.until.default(null),
  breachId: restrictionState.shape.breachId.default(null),
};
export const restrictionBody = z.strictObject(wanted);
export type RestrictionBody = z.output<typeof restrictionBody>;

export const postRestriction = defineRoute({
  method: 'POST',
  path: '/v1/restrictions',
  summary: 'Restricts an integration, or some of its agreements',
  description:
    'Gateways learn of it at once, and it ends by itself at `until`. Send the `version` of the preview, so that two ' +
    'people do not restrict one integration without knowing of each other.',
  roles: ['ops'],
  body: z.strictObject({
    ...wanted,
    reason,
    version: commandFields.version.describe(
      'what the preview answered as `version`; 409 when something was changed since',
    ),
  }),
  command: true,
  responses: { 201: { description: 'The restriction', schema: answer } },
});

export const postRestrictionPreview = defineRoute({
  method: 'POST',
  path: '/v1/restrictions/preview',
  summary: 'What a restriction would bind; nothing is changed',
  description: 'Refuses what the command would refuse.',
  roles: ['ops'],
  body: restrictionBody,
  responses: {
    200: {
      description: 'What it would bind, as far as it is known here',
      schema: z.object({
        version: z.int().describe('give it to the command'),
        agreementCount: z.int().describe('customers that it would bind'),
        agreements: z
          .array(z.object({ organizationId: z.string(), name: z.string().nullable() }))
          .describe('the first 100'),
        use: affectedUse.nullable().describe('null: nothing is known of its use yet'),
        restrictions: z.array(restrictionState).describe('what restricts the integration already'),
      }),
    },
  },
});

export const postRestrictionChange = defineRoute({
  method: 'POST',
  path: '/v1/restrictions/:restrictionId/change',
  summary: 'Gives a restriction another end or another limit',
  roles: ['ops'],
  params,
  body: z.strictObject({
    until: restrictionTerms.shape.until.optional().describe('null: until it is lifted'),
    limitPerMinute: z.int().min(1).max(100_000).optional(),
    reason,
    version: commandFields.version,
  }),
  command: true,
  responses: { 200: { description: 'The restriction as it now is', schema: answer } },
});

export const postRestrictionLift = defineRoute({
  method: 'POST',
  path: '/v1/restrictions/:restrictionId/lift',
  summary: 'Lifts a restriction now, or cancels a planned one',
  roles: ['ops'],
  params,
  body: z.strictObject({ reason, version: commandFields.version }),
  command: true,
  responses: { 200: { description: 'The restriction as it now is', schema: answer } },
});

export const getRestriction = defineRoute({
  method: 'GET',
  path: '/v1/restrictions/:restrictionId',
  summary: 'One restriction',
  roles: ['ops', 'partner'],
  params,
  responses: { 200: { description: 'The restriction', schema: restrictionShown } },
});

export const getRestrictions = defineRoute({
  method: 'GET',
  path: '/v1/restrictions',
  summary: 'Restrictions, by id: the older ones first',
  description: 'A partner sees those of the integrations it owns.',
  roles: ['ops', 'partner'],
  query: z.object({
    ...pageQuery,
    integrationId: fields.identifier(100).optional(),
    activeAt: fields.instant.optional().describe('only those that bind at this instant'),
  }),
  responses: { 200: { description: 'A page of restrictions', schema: pageOf(restrictionShown) } },
});
