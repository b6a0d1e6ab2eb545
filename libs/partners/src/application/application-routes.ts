/** The routes of applications as values: who may call what, what goes in, what comes out. */
import { fields, integrationChanged } from '@taxameter/contracts';
import { defineRoute, pageOf, pageQuery } from '@taxameter/platform';
import { z } from 'zod';
import { commandFields } from '../change/command-body.js';
import { DECISION_KINDS } from '../review/checklist.js';
import { ITEM_STATES } from '../review/checklist-texts.js';
import {
  APPLICATION_STATES,
  MAX_OPEN_OF_PARTNER,
  applicant,
  applicationStanding,
  applicationState,
  wishes,
} from './application.js';

const params = z.object({ applicationId: fields.identifier(64) });
const integrationKind = integrationChanged.schema.shape.data.shape.kind;
const sentence = z.object({ da: z.string(), en: z.string() });

const item = z.object({
  id: z.string(),
  state: z.enum(ITEM_STATES),
  figure: z.number().nullable().describe('what was seen; null where the calls do not tell'),
  limit: z.number().nullable(),
  unit: z.enum(['calls', 'scopes', 'ratio', 'sms']),
  explanation: sentence,
});

const view = applicationState.extend({
  checklist: z
    .array(item)
    .describe(
      'as the calls show it now; empty until the review begins. Applicant and partner: once it is decided, or somebody else ' +
        'owns the integration, as it was at the latest decision',
    ),
  observedUntil: z.iso
    .datetime()
    .nullable()
    .describe('the newest call that the checklist knows of; null for one that was kept'),
  decisions: z.array(
    z.object({
      decision: z.enum(DECISION_KINDS),
      at: z.iso.datetime(),
      note: z.string(),
      actorId: z.string().nullable().describe('null for the applicant and the partner'),
      checklist: z.array(item).describe('as it was when this was decided'),
    }),
  ),
  steps: z
    .array(
      z.object({
        at: z.iso.datetime(),
        action: z.string(),
        text: sentence,
        actor: z.object({ id: z.string().nullable(), role: z.string() }),
        reason: z.string().nullable().describe('null for the applicant and the partner'),
      }),
    )
    .describe('oldest first'),
});

/** A default would stand for a wish that was left out. */
const optionalWishes = z.object({ ...wishes, testDate: wishes.testDate.unwrap() }).partial().shape;
/** Answers are kept for a repeated `Idempotency-Key`: they hold no person and no words. */
const changed = { 200: { description: 'Where the application now stands', schema: applicationStanding } };
const note = fields.text(1000).describe('to the applicant, in the language of the application');
const reason = fields.text(500).describe('for the audit');

/** Who lets an application in or approves it must have seen it: the applicant may have changed it a moment ago. */
const seenVersion = z.int().min(1).describe('the version you saw; 409 when it is another by now');

/** The secret of an application, which is given once, as `Authorization: Bearer`. */
const BY_SECRET = 'Send the secret that the application was answered with as "Authorization: Bearer …".';

export const postApplication = defineRoute({
  method: 'POST',
  path: '/v1/applications',
  summary: 'Applies for an integration',
  description:
    'For everybody; ten an hour from one address. The answer holds the secret by which the applicant sees and ' +
    'withdraws the application; it is shown once.',
  roles: 'public',
  body: z.strictObject({ ...wishes, applicant }),
  command: true,
  responses: {
    201: {
      description: 'The application, and the secret',
      schema: z.object({
        application: applicationStanding,
        secret: z.string().nullable().describe('null when a repeated request is answered again'),
      }),
    },
    413: { description: 'More than an application can need' },
    429: { description: 'Too many applications' },
  },
});

export const postPartnerApplication = defineRoute({
  method: 'POST',
  path: '/v1/partners/:partnerId/applications',
  summary: 'Applies for another integration of a partner, or for other scopes of one',
  description: `At most ${MAX_OPEN_OF_PARTNER} of a partner are open at a time.`,
  roles: ['ops', 'partner'],
  params: z.object({ partnerId: fields.identifier(64) }),
  body: z.strictObject({
    ...wishes,
    email: applicant.shape.email,
    integrationId: fields.identifier(100).optional().describe('the integration that wants other scopes'),
  }),
  command: true,
  responses: { 201: { description: 'Where the application stands', schema: applicationStanding } },
});

export const getApplications = defineRoute({
  method: 'GET',
  path: '/v1/applications',
  summary: 'Applications, the oldest first',
  description: 'A partner sees its own.',
  roles: ['ops', 'partner'],
  query: z.object({
    ...pageQuery,
    state: z.enum(APPLICATION_STATES).optional(),
    integrationId: fields.identifier(100).optional(),
    partnerId: fields.identifier(64).optional(),
  }),
  responses: { 200: { description: 'A page of applications', schema: pageOf(applicationState) } },
});

export const getApplication = defineRoute({
  method: 'GET',
  path: '/v1/applications/:applicationId',
  summary: 'One application with its checklist and what was decided',
  roles: ['ops', 'partner'],
  params,
  responses: { 200: { description: 'The application', schema: view } },
});

export const acceptApplicationRoute = defineRoute({
  method: 'POST',
  path: '/v1/applications/:applicationId/accept',
  summary: 'Begins the review: creates the integration, and the partner where it is new',
  description: 'The integration may call from then on: its calls are what is reviewed.',
  roles: ['ops'],
  params,
  body: z.strictObject({
    integrationId: fields.identifier(100).describe('its client id'),
    kind: integrationKind.default('public'),
    partnerId: fields
      .identifier(64)
      .optional()
      .describe('an existing partner; without it a new one is created from the application'),
    reason: commandFields.reason,
    version: seenVersion,
  }),
  command: true,
  responses: changed,
});

export const askApplication = defineRoute({
  method: 'POST',
  path: '/v1/applications/:applicationId/ask',
  summary: 'Asks the applicant for a change; the review goes on',
  roles: ['ops'],
  params,
  body: z.strictObject({ note, version: commandFields.version }),
  command: true,
  responses: changed,
});

export const approveApplication = defineRoute({
  method: 'POST',
  path: '/v1/applications/:applicationId/approve',
  summary: 'Approves: the integration is active, with the scopes asked for',
  description:
    'What is missing in the checklist does not stop it: a person decides, and the checklist is kept.',
  roles: ['ops'],
  params,
  body: z.strictObject({ note, version: seenVersion }),
  command: true,
  responses: changed,
});

export const rejectApplication = defineRoute({
  method: 'POST',
  path: '/v1/applications/:applicationId/reject',
  summary: 'Rejects, with a reason to the applicant; a new integration is deactivated',
  roles: ['ops'],
  params,
  body: z.strictObject({ note, version: commandFields.version }),
  command: true,
  responses: changed,
});

export const withdrawApplication = defineRoute({
  method: 'POST',
  path: '/v1/applications/:applicationId/withdraw',
  summary: 'Withdraws an application; a new integration is deactivated',
  roles: ['ops', 'partner'],
  params,
  body: z.strictObject({ reason, version: commandFields.version }),
  command: true,
  responses: changed,
});

export const changeApplicationRoute = defineRoute({
  method: 'POST',
  path: '/v1/applications/:applicationId/change',
  summary: 'Changes an application, or answers what was asked for in the review',
  roles: ['partner'],
  params,
  body: z.strictObject({ ...optionalWishes, version: commandFields.version }),
  command: true,
  responses: changed,
});

export const getOwnApplication = defineRoute({
  method: 'GET',
  path: '/v1/applications/:applicationId/for-applicant',
  summary: 'The application, for who made it',
  description: BY_SECRET,
  roles: 'public',
  params,
  responses: { 200: { description: 'The application', schema: view } },
});

export const withdrawOwnApplication = defineRoute({
  method: 'POST',
  path: '/v1/applications/:applicationId/for-applicant/withdraw',
  summary: 'Withdraws an application, for who made it',
  description: BY_SECRET,
  roles: 'public',
  params,
  body: z.strictObject({ reason: reason.optional(), version: commandFields.version }),
  command: true,
  responses: changed,
});

export const changeOwnApplication = defineRoute({
  method: 'POST',
  path: '/v1/applications/:applicationId/for-applicant/change',
  summary: 'Changes an application or answers what was asked for, for who made it',
  description: BY_SECRET,
  roles: 'public',
  params,
  body: z.strictObject({ ...optionalWishes, version: commandFields.version }),
  command: true,
  responses: changed,
});
