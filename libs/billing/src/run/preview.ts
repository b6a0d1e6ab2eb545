/**
 * What a quarter would be billed: each count of SMS judged, given to the partner that owned the integration,
 * and each partner with an invoice drafted, parked for missing data, or without anything to bill.
 */
import { formatUnitPrice, parseUnitPrice } from '@taxameter/contracts';
import type { Integration, Quarter } from '@taxameter/contracts';
import { billingOutcome } from '../holds/hold-reason.js';
import type { BillingOutcome } from '../holds/hold-reason.js';
import { draftInvoice } from '../invoice/invoice.js';
import type { Customer, InvoiceDraft, Seller, SmsCounts } from '../invoice/invoice.js';
import { priceAt, unitPriceWithoutVat } from '../price/price-list.js';
import type { PriceList } from '../price/price-list.js';
import { decideVat } from '../vat/decide-vat.js';

export type KnownPartner = Customer & { readonly version: number };
export type KnownIntegration = Pick<
  Integration,
  'integrationId' | 'version' | 'name' | 'ownership' | 'status'
>;
export interface KnownAgreement {
  readonly integrationId: string;
  readonly organizationId: string;
  readonly version: number;
  readonly name: string | null;
}

/**
 * SMS that no rule can tell apart: same agreement, country and mode, sent in one period in which nothing
 * changed.
 */
export interface SmsCount {
  readonly integrationId: string;
  readonly agreementId: string;
  readonly recipientCountry: string;
  readonly testMode: boolean;
  /** RFC 3339 instants of the period, half-open. */
  readonly from: string;
  readonly to: string;
  readonly quantity: number;
}

/** A count with its judgement. `unitPrice` is in kroner as text, "0.00" unless billed; it survives JSON. */
export interface JudgedCount extends SmsCount {
  readonly partnerId: string | null;
  readonly outcome: BillingOutcome['outcome'];
  readonly reason: BillingOutcome['reason'];
  readonly unitPrice: string;
}

export type ParkedReason = 'partner_unknown' | 'needs_data' | 'needs_vat_decision' | 'preview_cancelled';

/** Why a partner gets no invoice yet, and which fields would help. */
export interface Parked {
  readonly reason: ParkedReason;
  readonly missing: readonly string[];
  readonly country: string | null;
}

export interface PartnerPreview {
  readonly partnerId: string;
  readonly name: string | null;
  readonly status: 'draft' | 'parked' | 'no_usage';
  readonly parked: Parked | null;
  readonly warnings: readonly string[];
  readonly counts: SmsCounts;
  readonly draft: InvoiceDraft | null;
  readonly judged: readonly JudgedCount[];
}

export interface Preview {
  readonly partners: readonly PartnerPreview[];
  /** Everything held, also what belongs to no partner. */
  readonly held: readonly JudgedCount[];
}

export interface PreviewInput {
  readonly quarter: Quarter;
  readonly seller: Seller;
  readonly prices: PriceList;
  readonly allowedCountries: readonly string[];
  readonly partners: readonly KnownPartner[];
  readonly integrations: readonly KnownIntegration[];
  readonly agreements: readonly KnownAgreement[];
  readonly counts: readonly SmsCount[];
}

interface Known {
  readonly partners: ReadonlyMap<string, KnownPartner>;
  readonly integrations: ReadonlyMap<string, KnownIntegration>;
  /** By `integration|organization`. */
  readonly agreements: ReadonlyMap<string, KnownAgreement>;
}

/**
 * Partners come by id, all known ones and every owner of an SMS, so that the run also tells who has nothing
 * to pay.
 * @throws RangeError when a billable SMS was sent before the first price
 */
export function previewQuarter(input: PreviewInput): Preview {
  const { allowedCountries, counts } = input;
  const known: Known = {
    partners: new Map(input.partners.map((partner) => [partner.partnerId, partner])),
    integrations: new Map(input.integrations.map((integration) => [integration.integrationId, integration])),
    agreements: new Map(
      input.agreements.map((agreement) => [
        `${agreement.integrationId}|${agreement.organizationId}`,
        agreement,
      ]),
    ),
  };
  const judged = counts.map((count) =>
    judge(count, known.integrations.get(count.integrationId), allowedCountries),
  );
  const countsOf = new Map<string | null, JudgedCount[]>();
  for (const count of judged) {
    const own = countsOf.get(count.partnerId);
    if (own) own.push(count);
    else countsOf.set(count.partnerId, [count]);
  }
  const ids = new Set([...input.partners.map(({ partnerId }) => partnerId), ...countsOf.keys()]);
  const partnerIds = [...ids].filter((id) => id !== null).sort();
  return {
    partners: partnerIds.map((id) => previewPartner(id, countsOf.get(id) ?? [], input, known)),
    held: judged.filter(({ outcome }) => outcome === 'held'),
  };
}

function judge(
  count: SmsCount,
  integration: KnownIntegration | undefined,
  allowedCountries: readonly string[],
): JudgedCount {
  const { recipientCountry, testMode, from } = count;
  const verdict = billingOutcome(
    { sentAt: new Date(from), recipientCountry, testMode },
    {
      allowedCountries,
      ownership: integration?.ownership ?? [],
      statusHistory: integration?.status ?? [],
    },
  );
  return { ...count, ...verdict, unitPrice: '0.00' };
}

function previewPartner(
  partnerId: string,
  judged: readonly JudgedCount[],
  input: PreviewInput,
  known: Known,
): PartnerPreview {
  const customer = known.partners.get(partnerId);
  const counts = countByOutcome(judged);
  const base = {
    partnerId,
    name: customer?.name ?? null,
    counts,
    warnings: [],
    parked: null,
    draft: null,
    judged,
  };
  if (counts.billed === 0) return { ...base, status: 'no_usage' };
  if (!customer) return { ...base, status: 'parked', parked: parkedFor('partner_unknown') };

  const vat = decideVat(customer, input.quarter.lastDay());
  if (vat.outcome === 'needs_data') {
    return { ...base, status: 'parked', parked: parkedFor('needs_data', vat.missing) };
  }
  if (vat.outcome === 'needs_vat_decision') {
    return { ...base, status: 'parked', parked: parkedFor('needs_vat_decision', [], vat.country) };
  }
  const priced = judged.map((count) => withPrice(count, input.prices, vat.decision.rateBasisPoints));
  const { version: _version, ...printed } = customer;
  const draft = draftInvoice({
    quarter: input.quarter,
    seller: input.seller,
    customer: printed,
    vat: vat.decision,
    groups: priced.map((count) => ({
      ...count,
      integrationName: known.integrations.get(count.integrationId)?.name ?? count.integrationId,
      agreementName: known.agreements.get(`${count.integrationId}|${count.agreementId}`)?.name ?? null,
      unitPrice: parseUnitPrice(count.unitPrice),
    })),
  });
  return { ...base, status: 'draft', warnings: vat.warnings, draft, judged: priced };
}

function withPrice(count: JudgedCount, prices: PriceList, vatRateBasisPoints: number): JudgedCount {
  if (count.outcome !== 'billed') return count;
  const price = unitPriceWithoutVat(priceAt(prices, new Date(count.from)), vatRateBasisPoints);
  return { ...count, unitPrice: formatUnitPrice(price) };
}

function parkedFor(
  reason: ParkedReason,
  missing: readonly string[] = [],
  country: string | null = null,
): Parked {
  return { reason, missing, country };
}

function countByOutcome(judged: readonly JudgedCount[]): SmsCounts {
  const counts = { billed: 0, test: 0, held: 0 };
  for (const { outcome, quantity } of judged) counts[outcome] += quantity;
  return counts;
}
