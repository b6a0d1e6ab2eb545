import { z } from 'zod';
import { defineEvent } from '../cloud-event.js';
import { country, identifier, instant, text } from '../text.js';

const version = z.int().min(1).describe('grows by one with each change; a consumer ignores lower ones');

/** The billing party. Fields that an invoice needs may be missing: billing then parks the partner, it never guesses. */
export const partnerChanged = defineEvent({
  type: 'dk.dinero.partners.partner_changed.v1',
  title: 'Partner changed',
  description: 'The whole state of a partner.',
  data: z.object({
    partnerId: identifier(64),
    version,
    name: text(200),
    cvr: z
      .string()
      .regex(/^\d{8}$/)
      .nullable(),
    vatNumber: text(20).nullable(),
    address: z
      .object({
        street: text(200),
        street2: text(200)
          .optional()
          .describe('second line of the street address (BT-51), where there is one'),
        postalCode: text(20),
        city: text(100),
        country,
      })
      .nullable(),
    email: text(254).nullable().describe('where invoices are mailed'),
    language: z.enum(['da', 'en']),
    // Facts from before these fields were there do not carry them.
    gln: z
      .string()
      .regex(/^\d{13}$/)
      .nullable()
      .default(null)
      .describe('GLN (Danish EAN-lokationsnummer) that e-invoices are sent to (BT-49)'),
    orderNumber: text(100)
      .nullable()
      .default(null)
      .describe('order number, Danish rekvisition, that the partner wants on its invoices (BT-13)'),
    buyerReference: text(100)
      .nullable()
      .default(null)
      .describe('the person or department at the partner that an invoice is for (BT-10)'),
    delivery: z
      .enum(['email', 'e_invoice', 'both'])
      .default('email')
      .describe('how the partner wants its invoices: by mail, as an e-invoice to its GLN, or both'),
  }),
});

/** An integration with its effective-dated ownership and status, newest last. */
export const integrationChanged = defineEvent({
  type: 'dk.dinero.partners.integration_changed.v1',
  title: 'Integration changed',
  description: 'The whole state of an integration: who owned it when, and what status it had when.',
  data: z.object({
    integrationId: identifier(100),
    version,
    name: text(200),
    kind: z.enum(['public', 'personal']),
    organizationId: identifier(64)
      .nullable()
      .optional()
      .describe(
        'the organisation that a personal integration was made for, where its owner follows from that',
      ),
    ownership: z.array(z.object({ partnerId: identifier(64), from: instant })).min(1),
    status: z
      .array(
        z.object({ status: z.enum(['active', 'deactivated']), from: instant, reason: text(500).nullable() }),
      )
      .min(1),
  }),
});

export const agreementChanged = defineEvent({
  type: 'dk.dinero.partners.agreement_changed.v1',
  title: 'Agreement changed',
  description: 'The whole state of an agreement: one customer organisation that an integration acts for.',
  data: z.object({
    integrationId: identifier(100),
    organizationId: identifier(64),
    version,
    name: text(200).nullable(),
    status: z.enum(['active', 'ended']),
  }),
});

export type PartnerChangedEvent = z.input<typeof partnerChanged.schema>;
export type IntegrationChangedEvent = z.input<typeof integrationChanged.schema>;
export type AgreementChangedEvent = z.input<typeof agreementChanged.schema>;
export type Partner = PartnerChangedEvent['data'];
export type Integration = IntegrationChangedEvent['data'];
export type Agreement = AgreementChangedEvent['data'];
