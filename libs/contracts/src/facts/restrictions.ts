import { z } from 'zod';
import { defineEvent } from '../cloud-event.js';
import { identifier, instant, text } from '../text.js';

/** Largest number of agreements that one restriction may name. */
export const MAX_RESTRICTED_AGREEMENTS = 100;

/** Largest number of restrictions of one integration that are in force or planned: its record must fit into a message. */
export const MAX_RESTRICTIONS = 20;

/** Why an integration is restricted, for machines; people read the note. */
export const RESTRICTION_REASONS = [
  'load',
  'fetching',
  'ignores_limits',
  'sms_terms',
  'security',
  'own_request',
  'other',
] as const;

/** What is restricted: everything, SMS, reads (GET, HEAD), writes (every other method), or one route by its template. */
export const capability = z
  .string()
  .max(306)
  .regex(
    /^(all|sms|reads|writes|route:\/[!-{}~]{0,299})$/,
    'is not all, sms, reads, writes or route:/TEMPLATE',
  )
  .describe('all, sms, reads, writes, or route:TEMPLATE with the template of `api_call`');

const inBothLanguages = (max: number) => z.object({ da: text(max), en: text(max) });

/** What a restriction says to those it binds: a gateway, and the partner who reads why. */
export const restrictionTerms = z.object({
  scope: z.enum(['integration', 'agreements']),
  organizationIds: z
    .array(identifier(64))
    .max(MAX_RESTRICTED_AGREEMENTS)
    .describe('the agreements it binds; empty for the whole integration'),
  mode: z.enum(['throttle', 'block']),
  limitPerMinute: z
    .int()
    .min(1)
    .max(100_000)
    .nullable()
    .describe('calls a minute that are let through, each agreement by itself where it binds agreements'),
  capability,
  reasonCode: z.enum(RESTRICTION_REASONS),
  clause: text(100).describe('the clause of the terms it rests on'),
  note: inBothLanguages(500).describe('to the partner'),
  endCondition: inBothLanguages(300).describe('what must be so for it to be lifted'),
  from: instant.describe('from this instant on, itself included'),
  until: instant.nullable().describe('up to this instant, itself not included; null: until it is lifted'),
});

/** What the gateway of the API platform must know of an integration, whole. It judges `from` and `until` by its own clock. */
export const integrationStatusChanged = defineEvent({
  type: 'dk.dinero.partners.integration_status_changed.v1',
  title: 'Integration status changed',
  description:
    'The whole state of an integration for a gateway: its status, and the restrictions in force or planned.',
  data: z.object({
    integrationId: identifier(100),
    version: z.int().min(1).describe('grows by one with each change of the integration; ignore lower ones'),
    revision: z.int().min(1).describe('grows with each change of any integration: the place in the feed'),
    status: z
      .array(z.object({ status: z.enum(['active', 'deactivated']), from: instant }))
      .min(1)
      .describe('what holds now and what is planned, by `from`'),
    restrictions: z
      .array(restrictionTerms.extend({ restrictionId: identifier(64) }))
      .max(MAX_RESTRICTIONS)
      .describe('in force or planned; all of them hold, the strictest decides'),
  }),
});

export type IntegrationStatusChangedEvent = z.input<typeof integrationStatusChanged.schema>;
export type IntegrationStatus = IntegrationStatusChangedEvent['data'];
export type RestrictionTerms = z.output<typeof restrictionTerms>;
