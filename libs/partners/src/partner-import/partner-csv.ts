/** Partners as lines of CSV: the columns, what people call them, and a partner as one line. */
import { csvLine } from '@taxameter/platform';
import type { PartnerState } from '../partner/partner.js';

export const COLUMNS = [
  ...(['partnerId', 'name', 'cvr', 'vatNumber', 'gln', 'street', 'street2', 'postalCode', 'city'] as const),
  ...(['country', 'email', 'orderNumber', 'buyerReference', 'language', 'delivery'] as const),
] as const;

export type Column = (typeof COLUMNS)[number];

/** Headings that people write, in small letters without signs; the columns' own names are among them. */
const HEADINGS: Readonly<Record<Column, readonly string[]>> = {
  partnerId: ['partner', 'partnernr', 'partnernummer', 'kundenr', 'kundenummer'],
  name: ['navn', 'firma', 'firmanavn', 'virksomhed'],
  cvr: ['cvrnr', 'cvrnummer'],
  vatNumber: ['momsnr', 'momsnummer', 'vat', 'vatno'],
  gln: ['ean', 'eannr', 'eannummer', 'eangln', 'glnean', 'glnnr', 'glnnummer', 'eanlokationsnummer'],
  street: ['adresse', 'adresse1', 'adresselinje1', 'gade', 'vej'],
  street2: ['adresse2', 'adresselinje2'],
  postalCode: ['postnr', 'postnummer'],
  city: ['by', 'bynavn'],
  country: ['land', 'landekode'],
  email: ['mail', 'fakturamail', 'fakturaemail'],
  orderNumber: ['ordrenr', 'ordrenummer', 'rekvisition', 'rekvisitionsnr', 'rekvisitionsnummer'],
  buyerReference: ['reference', 'deresreference', 'deresref', 'kontaktreference', 'personreference', 'att'],
  language: ['sprog'],
  delivery: ['levering', 'leveringsform', 'fakturalevering'],
};

const COLUMN_OF: ReadonlyMap<string, Column> = new Map(
  COLUMNS.flatMap((column) =>
    [column.toLowerCase(), ...HEADINGS[column]].map((heading) => [heading, column] as const),
  ),
);

/** The column that a heading names, `EAN/GLN` or `cvr-nr.`; null when it names none. */
export function columnOf(heading: string): Column | null {
  return COLUMN_OF.get(heading.toLowerCase().replace(/[^\p{L}\d]/gu, '')) ?? null;
}

export function partnersHeader(): string {
  return csvLine(COLUMNS);
}

/** One partner as a line, which read back says the same. */
export function partnerLine(partner: PartnerState): string {
  const flat = { ...partner, ...partner.address };
  return csvLine(COLUMNS.map((column) => flat[column]));
}
