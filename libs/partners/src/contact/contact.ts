/** Who is to be reached at a partner, and about what. */
import { fields } from '@taxameter/contracts';
import { z } from 'zod';
import { email, type Mistake } from '../partner/partner.js';

/** Technical: how the integration behaves. Finance: invoices. Urgent: by telephone, when something must stop now. */
export const PURPOSES = ['technical', 'finance', 'urgent'] as const;

/** At most so many at a partner. */
export const MOST_CONTACTS = 50;

const purpose = z.enum(PURPOSES);
const language = z.enum(['da', 'en']);
const phone = z
  .string()
  .regex(/^\+[1-9]\d{6,14}$/, 'is not a number by E.164, such as +4570101010')
  .nullable();

/** A contact as a command gives it. */
export const contactDetails = {
  name: fields.text(200),
  email: email.nullable().default(null),
  phone: phone.default(null),
  language: language.default('da'),
  purposes: z.array(purpose).min(1).max(PURPOSES.length),
};

export const contactState = z.object({
  contactId: fields.identifier(64),
  partnerId: fields.identifier(64),
  version: z.int().min(1),
  name: z
    .string()
    .nullable()
    .describe('null: erased, because the contact was removed; likewise email and phone'),
  email: z.string().nullable(),
  phone: z.string().nullable().describe('E.164'),
  language,
  purposes: z.array(purpose),
  removed: z.boolean(),
});

export type ContactState = z.output<typeof contactState>;
export type ContactDetails = z.output<z.ZodObject<typeof contactDetails>>;

/** What makes a contact refused, beyond the shape of single fields. */
export function contactMistakes({ email: address, phone: number, purposes }: ContactDetails): Mistake[] {
  const mistakes: Mistake[] = [];
  if (address === null && number === null) {
    mistakes.push({
      field: 'email',
      rule: 'contact-unreachable',
      reason: 'is missing, and so is phone: one of them is needed',
    });
  }
  if (number === null && purposes.includes('urgent')) {
    mistakes.push({
      field: 'phone',
      rule: 'urgent-needs-phone',
      reason: 'is missing: an urgent contact is called',
    });
  }
  return mistakes;
}

/** Purposes each once, in one order, so that the same said otherwise is no change. */
export function inOrder(purposes: ContactDetails['purposes']): ContactDetails['purposes'] {
  return PURPOSES.filter((known) => purposes.includes(known));
}

/** What the audit keeps of a contact. It cannot be rewritten, so what must be erased some day does not go into it. */
export function withoutPerson({
  contactId,
  partnerId,
  version,
  language: spoken,
  purposes,
  removed,
}: ContactState) {
  return { contactId, partnerId, version, language: spoken, purposes, removed };
}

/** The contact as it is once it is removed: that there was one, and nothing about the person. */
export function removed(contact: ContactState): ContactState {
  return { ...contact, name: null, email: null, phone: null, removed: true };
}
