/**
 * The invoice as a value: everything its documents depend on, copied at issue, so that they can be drawn again from it alone.
 */
import { copenhagenDate, formatOre, formatUnitPrice, startOfCopenhagenDay } from '@taxameter/contracts';
import type { UnitPrice, Quarter } from '@taxameter/contracts';
import { invoiceTotals, linesByUnitPrice } from '../price/rate-sms.js';
import type { VatDecision } from '../vat/decide-vat.js';

/** Goes up with any change of what a document looks like, so that an old one is never redrawn in a new shape. */
export const TEMPLATE_VERSION = 1;

export const PAYMENT_TERM_DAYS = 14;

export interface Address {
  readonly street: string;
  readonly street2?: string | undefined;
  readonly postalCode: string;
  readonly city: string;
  readonly country: string;
}

export interface Seller {
  readonly name: string;
  readonly address: Address;
  readonly cvr: string;
  /** Registration number (4 digits) and account (up to 10): a Danish bank account. */
  readonly bank: { readonly registration: string; readonly account: string };
  readonly email: string;
}

export interface Customer {
  readonly partnerId: string;
  readonly name: string;
  readonly address: Address;
  readonly cvr: string | null;
  readonly vatNumber: string | null;
  readonly email: string | null;
}

/** The SMS of one agreement with one outcome and unit price, as the ledger sums them. */
export interface SmsGroup {
  readonly integrationId: string;
  readonly integrationName: string;
  /** Empty string where the integration acts for no agreement. */
  readonly agreementId: string;
  readonly agreementName: string | null;
  readonly outcome: 'billed' | 'held' | 'test';
  readonly quantity: number;
  /** Without VAT, in 1/10,000 krone; ignored unless billed. */
  readonly unitPrice: UnitPrice;
}

export interface SmsCounts {
  readonly billed: number;
  readonly test: number;
  readonly held: number;
}

/** Amounts are decimal kroner as text: `net` with two decimals. */
export interface InvoiceLine {
  readonly quantity: number;
  readonly unitPrice: string;
  readonly net: string;
}

/** `amount` is exact, with up to four decimals: agreements are not rounded one by one, lines are. */
export interface AgreementUsage {
  readonly agreementId: string;
  readonly name: string | null;
  readonly counts: SmsCounts;
  readonly amount: string;
}

/** One integration. It has no lines where nothing of it is billed. */
export interface InvoiceSection {
  readonly integrationId: string;
  readonly integrationName: string;
  readonly counts: SmsCounts;
  readonly lines: readonly InvoiceLine[];
  readonly net: string;
  readonly agreements: readonly AgreementUsage[];
}

/** An invoice before it has a number: what finance previews and approves. */
export interface InvoiceDraft {
  readonly templateVersion: number;
  readonly currency: 'DKK';
  readonly quarter: string;
  /** First and last local day, both inside. */
  readonly deliveryPeriod: { readonly firstDay: string; readonly lastDay: string };
  readonly paymentTermDays: number;
  readonly seller: Seller;
  readonly customer: Customer;
  readonly sections: readonly InvoiceSection[];
  readonly vat: VatDecision;
  readonly totals: { readonly net: string; readonly vat: string; readonly gross: string };
  readonly counts: SmsCounts;
}

/** An issued invoice; survives JSON unchanged. */
export interface InvoiceSnapshot extends InvoiceDraft {
  readonly number: string;
  /** RFC 3339 instant in UTC; the documents take their creation date from it. */
  readonly issuedAt: string;
  /** Local dates, `2026-10-05`. */
  readonly issueDate: string;
  readonly dueDate: string;
}

/**
 * Prices, sorts and sums one partner's SMS of one quarter. Sections come by integration id, agreements by agreement id, so
 * that the same SMS always give the same document.
 *
 * @throws RangeError when nothing is billed: a quarter without use gives no invoice and burns no number (domain rule A7)
 */
export function draftInvoice(input: {
  readonly quarter: Quarter;
  readonly seller: Seller;
  readonly customer: Customer;
  readonly vat: VatDecision;
  readonly groups: readonly SmsGroup[];
}): InvoiceDraft {
  const { quarter, seller, customer, vat, groups } = input;
  const integrations = groupsBy(groups, ({ integrationId }) => integrationId);
  const rated = integrations.map(([, own]) => linesByUnitPrice(billed(own)));
  const counts = countByOutcome(groups);
  if (counts.billed === 0) throw new RangeError(`nothing to invoice for ${customer.partnerId} in ${quarter}`);

  const { net, vat: vatAmount, gross } = invoiceTotals(rated.flat(), vat.rateBasisPoints);
  return {
    templateVersion: TEMPLATE_VERSION,
    currency: 'DKK',
    quarter: quarter.toString(),
    deliveryPeriod: { firstDay: quarter.firstDay(), lastDay: quarter.lastDay() },
    paymentTermDays: PAYMENT_TERM_DAYS,
    seller,
    customer,
    sections: integrations.map(([integrationId, own], index) => ({
      integrationId,
      integrationName: own[0]!.integrationName,
      counts: countByOutcome(own),
      lines: rated[index]!.map((line) => ({
        quantity: line.quantity,
        unitPrice: formatUnitPrice(line.unitPrice),
        net: formatOre(line.net),
      })),
      net: formatOre(rated[index]!.reduce((sum, line) => sum + line.net, 0n)),
      agreements: agreementsOf(own),
    })),
    vat,
    totals: { net: formatOre(net), vat: formatOre(vatAmount), gross: formatOre(gross) },
    counts,
  };
}

/** Gives a draft its number and dates. The issue date is the local day; the due date may fall on a weekend (domain 2.6). */
export function buildInvoice(
  draft: InvoiceDraft,
  { number, issuedAt }: { readonly number: string; readonly issuedAt: Date },
): InvoiceSnapshot {
  const issueDate = copenhagenDate(issuedAt);
  const [year = 0, month = 0, day = 0] = issueDate.split('-').map(Number);
  const dueDate = copenhagenDate(startOfCopenhagenDay(year, month, day + draft.paymentTermDays));
  return { ...draft, number, issuedAt: issuedAt.toISOString(), issueDate, dueDate };
}

/** Places that the finest unit price of an invoice needs, two to four: its figures align on the comma by it. */
export function priceDecimals({ sections }: InvoiceDraft): number {
  const prices = sections.flatMap(({ lines }) => lines.map(({ unitPrice }) => unitPrice));
  return Math.max(2, ...prices.map((price) => price.split('.')[1]?.length ?? 0));
}

function agreementsOf(groups: readonly SmsGroup[]): AgreementUsage[] {
  const agreements = groupsBy(groups, ({ agreementId }) => agreementId);
  return agreements.map(([agreementId, own]) => {
    const amount = billed(own).reduce((sum, group) => sum + BigInt(group.quantity) * group.unitPrice, 0n);
    return {
      agreementId,
      name: own[0]!.agreementName,
      counts: countByOutcome(own),
      amount: formatUnitPrice(amount),
    };
  });
}

function billed(groups: readonly SmsGroup[]): SmsGroup[] {
  return groups.filter(({ outcome }) => outcome === 'billed');
}

function countByOutcome(groups: readonly SmsGroup[]): SmsCounts {
  const counts = { billed: 0, test: 0, held: 0 };
  for (const { outcome, quantity } of groups) counts[outcome] += quantity;
  return counts;
}

// Sorted by code unit, not by locale: the order must not depend on the machine.
function groupsBy(groups: readonly SmsGroup[], key: (group: SmsGroup) => string): [string, SmsGroup[]][] {
  const grouped = new Map<string, SmsGroup[]>();
  for (const group of groups) {
    const own = grouped.get(key(group));
    if (own) own.push(group);
    else grouped.set(key(group), [group]);
  }
  return [...grouped].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
