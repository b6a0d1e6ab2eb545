/** What can be said about a partner, and what of it is refused or odd. */
import { fields, partnerChanged, isPlausibleCvr, isPlausibleGln } from '@taxameter/contracts';
import { z } from 'zod';
import type { Warning } from '../change/command-body.js';
import { isCountry } from './country.js';
import { isPlausibleVatNumber } from './vat-number.js';

export const partnerState = partnerChanged.schema.shape.data;
const known = partnerState.shape;

/** A partner as it is kept: every field is there. */
export type PartnerState = z.output<typeof partnerState>;

export const email = fields.text(254).regex(/^[^\s@]+@[^\s@]+$/, 'is not an e-mail address');

/** What a partner decides about its own invoices. */
export const invoiceDetails = {
  email: email.nullable().default(null),
  orderNumber: known.orderNumber,
  buyerReference: known.buyerReference,
};

/** Master data as a command or a seed file gives it. What is left out is not known (null). */
export const partnerDetails = {
  name: known.name,
  cvr: z
    .string()
    .regex(/^\d{8}$/, 'is not eight digits')
    .nullable()
    .default(null),
  vatNumber: known.vatNumber.default(null),
  gln: z
    .string()
    .regex(/^\d{13}$/, 'is not thirteen digits')
    .nullable()
    .default(null),
  address: z
    .strictObject({
      street: fields.text(200),
      street2: fields.text(200).optional(),
      postalCode: fields.text(20),
      city: fields.text(100),
      country: fields.country,
    })
    .nullable()
    .default(null),
  ...invoiceDetails,
  language: known.language.default('da'),
  delivery: known.delivery,
};

export type PartnerDetails = z.output<z.ZodObject<typeof partnerDetails>>;

/** A field that breaks a rule. `rule` is stable, `reason` is for people. */
export interface Mistake {
  readonly field: string;
  readonly rule: string;
  readonly reason: string;
}

/**
 * What makes the wanted master data refused, beyond the shape of single fields. A number that is recorded already is not judged again:
 * one from before these rules must not keep the address from being corrected.
 */
export function partnerMistakes(wanted: PartnerDetails, recorded: Partial<PartnerDetails> | null): Mistake[] {
  const mistakes: Mistake[] = [];
  const refuse = (field: string, rule: string, reason: string) => mistakes.push({ field, rule, reason });
  const { cvr, vatNumber, gln, address, delivery } = wanted;
  if (cvr !== null && cvr !== recorded?.cvr && !isPlausibleCvr(cvr)) {
    refuse('cvr', 'cvr-modulus-11', 'fails the modulus 11 check of CVR numbers: is a digit wrong?');
  }
  if (gln !== null && gln !== recorded?.gln && !isPlausibleGln(gln)) {
    refuse('gln', 'gs1-check-digit', 'fails the check digit of GLN (EAN) numbers: is a digit wrong?');
  }
  if (vatNumber !== null && vatNumber !== recorded?.vatNumber && !isPlausibleVatNumber(vatNumber)) {
    refuse(
      'vatNumber',
      'vat-number',
      'is no VAT number of the country that it begins with: capitals and digits with the prefix, such as DE136695976',
    );
  }
  const country = address?.country;
  if (country !== undefined && country !== recorded?.address?.country && !isCountry(country)) {
    refuse('address.country', 'iso-3166-1', 'is the code of no country (ISO 3166-1), such as DK');
  }
  if (delivery !== 'email' && gln === null) {
    refuse('delivery', 'e-invoice-needs-gln', 'is by e-invoice, but there is no GLN (EAN) to send it to');
  }
  if (delivery === 'both' && wanted.email === null) {
    refuse('delivery', 'mail-needs-email', 'is also by mail, but there is no e-mail address');
  }
  return mistakes;
}

/** What is odd about a partner that is recorded: a CVR number from before its check. */
export function partnerWarnings(partner: { readonly cvr: string | null }): Warning[] {
  if (partner.cvr === null || isPlausibleCvr(partner.cvr)) return [];
  const detail = `${partner.cvr} fails the modulus 11 check of CVR numbers: have it confirmed`;
  return [{ field: 'cvr', code: 'cvr-check-failed', detail }];
}
