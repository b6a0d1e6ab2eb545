/** What can be said about a partner, and what is odd about it without being wrong. */
import { fields, partnerChanged, isPlausibleCvr } from '@taxameter/contracts';
import { z } from 'zod';
import type { Warning } from '../change/command-body.js';

export const partnerState = partnerChanged.schema.shape.data;
const known = partnerState.shape;

/** Master data as a command or a seed file gives it. What is left out is not known (null). */
export const partnerDetails = {
  name: known.name,
  cvr: z
    .string()
    .regex(/^\d{8}$/, 'is not eight digits')
    .nullable()
    .default(null),
  vatNumber: known.vatNumber.default(null),
  address: z
    .strictObject({
      street: fields.text(200),
      postalCode: fields.text(20),
      city: fields.text(100),
      country: fields.country,
    })
    .nullable()
    .default(null),
  email: fields
    .text(254)
    .regex(/^[^\s@]+@[^\s@]+$/, 'is not an e-mail address')
    .nullable()
    .default(null),
  language: known.language.default('da'),
};

/** A CVR number that fails its check is recorded and reported: it may be right and the register wrong. */
export function partnerWarnings(partner: { readonly cvr: string | null }): Warning[] {
  if (partner.cvr === null || isPlausibleCvr(partner.cvr)) return [];
  const detail = `${partner.cvr} fails the modulus 11 check of CVR numbers: have it confirmed`;
  return [{ field: 'cvr', code: 'cvr-check-failed', detail }];
}
