/**
 * Who issues the invoices: the shape of the seller file, and the sample that stands in until an installation
 * has one.
 */
import { z } from 'zod';
import { fields } from '@taxameter/contracts';
import type { Seller } from '../invoice/invoice.js';

export const sellerSchema = z.object({
  name: fields.text(200),
  address: z.object({
    street: fields.text(200),
    postalCode: fields.text(20),
    city: fields.text(100),
    country: fields.country,
  }),
  cvr: z.string().regex(/^\d{8}$/, 'is not a CVR number of 8 digits'),
  bank: z.object({
    registration: z.string().regex(/^\d{4}$/, 'is not a registration number of 4 digits'),
    account: z.string().regex(/^\d{1,10}$/, 'is not an account number of up to 10 digits'),
  }),
  email: z.email(),
}) satisfies z.ZodType<Seller>;

/**
 * The operator of the API (domain 1.2), with "eksempel" in the name and an account that does not exist: what
 * is printed from it must not be mistaken for an invoice that can be paid.
 */
export const SAMPLE_SELLER: Seller = {
  name: 'Visma Dinero ApS (eksempel)',
  address: { street: 'Gærtorvet 1-5', postalCode: '1799', city: 'København V', country: 'DK' },
  cvr: '34731543',
  bank: { registration: '0000', account: '0000000000' },
  email: 'faktura@eksempel.example',
};

/**
 * @param text content of the seller file
 * @throws RangeError naming each field that is wrong
 */
export function parseSeller(text: string): Seller {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RangeError('it is not JSON');
  }
  const result = sellerSchema.safeParse(value);
  if (result.success) return result.data;
  throw new RangeError(
    result.error.issues.map(({ path, message }) => `${path.join('.') || 'it'}: ${message}`).join('; '),
  );
}
