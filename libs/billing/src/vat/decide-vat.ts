/**
 * How an invoice is taxed: a decision with its reason, made from the customer's data as of issue and stored on the invoice.
 */
import { isPlausibleCvr } from '@taxameter/contracts';
import type { Partner } from '@taxameter/contracts';

/** A VAT rate with the local date (`2026-07-01`) from which it holds. */
export interface VatRate {
  readonly from: string;
  readonly rateBasisPoints: number;
}

/** 25 % since 1992. A list with dates, because a rate is the legislator's and may change. */
export const DANISH_VAT_RATES: readonly VatRate[] = [{ from: '1992-01-01', rateBasisPoints: 2500 }];

/** What is printed and sent: category and rate as in EN 16931, reason for whoever reads the invoice years later. */
export interface VatDecision {
  readonly category: 'S';
  readonly rateBasisPoints: number;
  readonly reason: string;
}

export type MissingField = 'name' | 'street' | 'postalCode' | 'city' | 'country';
export type VatWarning = 'cvr_missing' | 'cvr_check_failed';

export type VatOutcome =
  | { readonly outcome: 'decided'; readonly decision: VatDecision; readonly warnings: readonly VatWarning[] }
  | { readonly outcome: 'needs_data'; readonly missing: readonly MissingField[] }
  | { readonly outcome: 'needs_vat_decision'; readonly country: string };

/**
 * Denmark: 25 %, also for a buyer who is not registered for VAT. Any other country, Greenland and the Faroe Islands
 * included, waits for finance: a rate is never guessed (domain 2.4). Missing data is named field by field.
 *
 * @param supplyDate last local day of the delivery period, `2026-09-30`: it decides the rate
 * @throws RangeError when no rate is in force on that day
 */
export function decideVat(
  customer: Pick<Partner, 'name' | 'address' | 'cvr'>,
  supplyDate: string,
  rates: readonly VatRate[] = DANISH_VAT_RATES,
): VatOutcome {
  const missing = missingFields(customer);
  const country = customer.address?.country;
  if (missing.length > 0 || !country) return { outcome: 'needs_data', missing };
  if (country !== 'DK') return { outcome: 'needs_vat_decision', country };

  const rate = rates.findLast(({ from }) => from <= supplyDate);
  if (!rate) throw new RangeError(`no VAT rate is in force on ${supplyDate}`);
  const decision: VatDecision = {
    category: 'S',
    rateBasisPoints: rate.rateBasisPoints,
    reason: `customer in DK: standard rate in force on ${supplyDate}`,
  };
  return { outcome: 'decided', decision, warnings: cvrWarnings(customer.cvr) };
}

function missingFields({ name, address }: Pick<Partner, 'name' | 'address'>): MissingField[] {
  const fields: [MissingField, string | undefined][] = [
    ['name', name],
    ['street', address?.street],
    ['postalCode', address?.postalCode],
    ['city', address?.city],
    ['country', address?.country],
  ];
  return fields.filter(([, value]) => !value?.trim()).map(([field]) => field);
}

function cvrWarnings(cvr: string | null): VatWarning[] {
  if (cvr === null) return ['cvr_missing'];
  return isPlausibleCvr(cvr) ? [] : ['cvr_check_failed'];
}
