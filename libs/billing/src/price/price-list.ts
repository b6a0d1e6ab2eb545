/**
 * Which unit price an SMS has: the price list by the time it was sent, never by the time it arrived.
 */
import { fields } from '@taxameter/contracts';
import type { UnitPrice } from '@taxameter/contracts';

/** One price with the instant from which it holds; it holds until the next entry begins. */
export interface PriceEntry {
  /** RFC 3339 instant, inside. A price from 15 August local time starts on 14 August 22:00Z. */
  readonly from: string;
  /** In 1/10,000 krone. */
  readonly unitPrice: UnitPrice;
  /** The terms do not say whether 1 kr includes moms; ex. moms is the default taken (domain rule A1). */
  readonly vatIncluded: boolean;
}

/** Checked, sorted, with its instants parsed once: looking up a price runs for every SMS. */
export interface PriceList {
  readonly entries: readonly PriceEntry[];
  readonly fromMs: readonly number[];
}

/**
 * @throws RangeError when the list is empty, an instant does not parse, two entries begin together or a price is not positive
 */
export function priceList(entries: readonly PriceEntry[]): PriceList {
  if (entries.length === 0) throw new RangeError('a price list needs at least one price');
  for (const { from } of entries) {
    // Date.parse alone would take "15 August", in the zone of the machine.
    if (!fields.instant.safeParse(from).success) throw new RangeError(`"${from}" is not an instant`);
  }
  const sorted = [...entries].sort((a, b) => Date.parse(a.from) - Date.parse(b.from));
  const fromMs = sorted.map(({ from }) => Date.parse(from));
  for (const [index, entry] of sorted.entries()) {
    const begins = fromMs[index]!;
    if (begins === fromMs[index - 1]) throw new RangeError(`two prices begin at ${entry.from}`);
    if (entry.unitPrice <= 0n) throw new RangeError(`the price from ${entry.from} is not positive`);
  }
  return { entries: sorted, fromMs };
}

/** 1 krone per SMS, ex. moms, since before the first SMS. */
export const DEFAULT_PRICES: PriceList = priceList([
  { from: '2019-12-31T23:00:00.000Z', unitPrice: 10_000n, vatIncluded: false },
]);

/**
 * The entry in force at an instant; an entry holds from its own instant on.
 * @throws RangeError when the instant lies before the first entry: a missing price is never taken to be zero
 */
export function priceAt(prices: PriceList, sentAt: Date): PriceEntry {
  const sentMs = sentAt.getTime();
  const index = prices.fromMs.findLastIndex((begins) => begins <= sentMs);
  const entry = prices.entries[index];
  if (!entry) throw new RangeError(`no price is in force at ${sentAt.toISOString()}`);
  return entry;
}

/**
 * The unit price without VAT, which an invoice must print whatever the list says (momsbekendtgørelsen § 58, 7).
 *
 * A price with moms included is accepted only where net and VAT of a single SMS are whole øre (at 25 %: any multiple of
 * 5 øre). Otherwise the sum of an invoice could miss quantity × promised price by an øre.
 *
 * @throws RangeError when an inclusive price cannot be split that way
 */
export function unitPriceWithoutVat(entry: PriceEntry, vatRateBasisPoints: number): UnitPrice {
  if (!entry.vatIncluded) return entry.unitPrice;
  const rate = BigInt(vatRateBasisPoints);
  const withoutVat = (entry.unitPrice * 10_000n) / (10_000n + rate);
  const vat = entry.unitPrice - withoutVat;
  const exact = withoutVat * rate === vat * 10_000n && withoutVat % 100n === 0n && vat % 100n === 0n;
  if (!exact) {
    throw new RangeError(
      `a price of ${entry.unitPrice} (1/10,000 kr) with VAT included does not split into whole øre`,
    );
  }
  return withoutVat;
}
