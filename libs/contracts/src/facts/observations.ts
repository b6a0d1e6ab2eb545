import { z } from 'zod';
import { defineEvent } from '../cloud-event.js';
import { count, identifier, instant, text } from '../text.js';

/** Days of use that one observation speaks of. */
export const OBSERVED_DAYS = 28;

/** Largest number of scopes that one observation names. */
export const MAX_OBSERVED_SCOPES = 50;

/**
 * How an integration uses the API, for the person who reviews it. Calls that our own restriction answered and 5xx answers are in
 * no figure. Each figure is a plain count, so that who reads it decides which ratio matters.
 */
export const integrationObserved = defineEvent({
  type: 'dk.dinero.fairuse.integration_observed.v1',
  title: 'Integration observed',
  description: 'The whole of what the calls of an integration show, over the latest 28 days with its calls.',
  data: z.object({
    integrationId: identifier(100),
    version: z.int().min(1),
    kind: z.enum(['public', 'personal', 'unknown']).describe('what most of its calls say'),
    windowStart: instant,
    windowEnd: instant.describe('the window is half-open, of whole days in UTC'),
    firstSeenAt: instant.describe('its first call ever, also before the window'),
    lastSeenAt: instant,
    calls: count,
    busiestDayCalls: count,
    writeCalls: count.describe('calls by another method than GET, HEAD and OPTIONS'),
    clientErrors: count.describe('4xx without 429, and without 403 for what the customer has not bought'),
    forbidden: count.describe('403, likewise'),
    tokenCalls: count.describe('signed in by a bearer token'),
    otherAuthCalls: count.describe('signed in by anything else; calls that do not say are in neither'),
    sweeps: count.describe('times a list that takes `changesSince` was fetched from its first page'),
    changesSinceSweeps: count.describe('of these with `changesSince`'),
    laterPages: count.describe('pages of lists after the first'),
    smallLaterPages: count.describe('of these with a page size of 100 or less'),
    throttledCalls: count.describe('429'),
    throttledMinutes: count.describe('minutes with a 429, each agreement by itself'),
    smsCalls: count.describe('calls by which an SMS was accepted'),
    scopes: z.array(text(100)).max(MAX_OBSERVED_SCOPES).describe('scopes of the tokens it called with'),
  }),
});

/** One customer organisation for which an integration was seen to act. */
export const agreementObserved = defineEvent({
  type: 'dk.dinero.fairuse.agreement_observed.v1',
  title: 'Agreement observed',
  description: 'Since when an integration acts for an organisation, learnt from its calls that succeeded.',
  data: z.object({
    integrationId: identifier(100),
    organizationId: identifier(64),
    version: z.int().min(1).describe('grows when an earlier call arrives late'),
    firstSeenAt: instant,
  }),
});

export type IntegrationObservedEvent = z.input<typeof integrationObserved.schema>;
export type AgreementObservedEvent = z.input<typeof agreementObserved.schema>;
export type IntegrationObserved = IntegrationObservedEvent['data'];
export type AgreementObserved = AgreementObservedEvent['data'];
