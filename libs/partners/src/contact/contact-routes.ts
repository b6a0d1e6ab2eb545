/** The routes of contacts: what goes in and what comes out. */
import { fields } from '@taxameter/contracts';
import { defineRoute, pageOf, pageQuery } from '@taxameter/platform';
import { z } from 'zod';
import { commandFields } from '../change/command-body.js';
import { contactDetails, contactState, MOST_CONTACTS } from './contact.js';

const ofPartner = z.object({ partnerId: fields.identifier(64) });
const ofContact = z.object({ partnerId: fields.identifier(64), contactId: fields.identifier(64) });
const roles = ['ops', 'finance', 'partner'] as const;

/** Without the person: an answer is kept for its Idempotency-Key. */
const receipt = z.object({ contactId: fields.identifier(64), version: z.int().min(1), changed: z.boolean() });

export const getContacts = defineRoute({
  method: 'GET',
  path: '/v1/partners/:partnerId/contacts',
  summary: 'Whom to reach at a partner, and about what',
  description: `All of them at once, at most ${MOST_CONTACTS}.`,
  roles,
  params: ofPartner,
  query: z.object({
    at: fields.instant
      .optional()
      .describe('those of this instant; of one removed since, the person is erased'),
  }),
  responses: { 200: { description: 'The contacts, by id', schema: pageOf(contactState) } },
});

export const postContact = defineRoute({
  method: 'POST',
  path: '/v1/partners/:partnerId/contacts',
  summary: 'Adds a contact',
  roles,
  params: ofPartner,
  body: z.strictObject({ ...contactDetails, reason: commandFields.reason }),
  command: true,
  responses: { 201: { description: 'The id and version of the new contact', schema: receipt } },
});

export const putContact = defineRoute({
  method: 'PUT',
  path: '/v1/partners/:partnerId/contacts/:contactId',
  summary: 'Replaces what is said about a contact',
  roles,
  params: ofContact,
  body: z.strictObject({ ...contactDetails, ...commandFields }),
  command: true,
  responses: { 200: { description: 'The version that now holds', schema: receipt } },
});

export const deleteContact = defineRoute({
  method: 'DELETE',
  path: '/v1/partners/:partnerId/contacts/:contactId',
  summary: 'Removes a contact and erases the person',
  description:
    'Name, e-mail address and telephone number are erased from all its versions. That there was a contact, when and about what, stays.',
  roles,
  params: ofContact,
  query: z.object({
    version: z.coerce
      .number()
      .int()
      .min(1)
      .optional()
      .describe('the version you saw; 409 when it is another by now'),
  }),
  command: true,
  responses: { 200: { description: 'The version that now holds', schema: receipt } },
});

export const getContactVersions = defineRoute({
  method: 'GET',
  path: '/v1/partners/:partnerId/contacts/:contactId/versions',
  summary: 'What was true of a contact when, newest first',
  roles,
  params: ofContact,
  query: z.object({
    ...pageQuery,
    cursor: z
      .string()
      .regex(/^\d{1,9}$/, 'is not a nextCursor')
      .optional()
      .describe('nextCursor of the page before'),
  }),
  responses: {
    200: {
      description: 'A page of versions',
      schema: pageOf(
        z.object({
          from: z.iso.datetime().describe('it held from here on, this instant included'),
          to: z.iso.datetime().nullable().describe('it held up to here; null: it still holds'),
          contact: contactState,
        }),
      ),
    },
  },
});
