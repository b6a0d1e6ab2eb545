/**
 * What a set of SMS costs: lines by unit price, and the totals of an invoice.
 */
import { lineNet, vatOf } from '@taxameter/contracts';
import type { Ore, UnitPrice } from '@taxameter/contracts';
import { priceAt, unitPriceWithoutVat } from './price-list.js';
import type { PriceList } from './price-list.js';

/** One line: all SMS with the same unit price. The net is rounded once, from the whole quantity. */
export interface RatedLine {
  readonly quantity: number;
  /** Without VAT, in 1/10,000 krone. */
  readonly unitPrice: UnitPrice;
  /** Without VAT, in øre. */
  readonly net: Ore;
}

export interface InvoiceTotals {
  readonly net: Ore;
  readonly vat: Ore;
  readonly gross: Ore;
}

/**
 * Groups SMS by the price of their sent times; lines come by unit price, the lowest first, whatever the order of the SMS.
 * @throws RangeError when an SMS was sent before the first price
 */
export function rateSms(sentAt: Iterable<Date>, prices: PriceList, vatRateBasisPoints: number): RatedLine[] {
  return linesByUnitPrice(
    (function* () {
      for (const instant of sentAt) {
        const unitPrice = unitPriceWithoutVat(priceAt(prices, instant), vatRateBasisPoints);
        yield { quantity: 1, unitPrice };
      }
    })(),
  );
}

/** The same from counts, for a ledger that is summed where it is stored. A unit price met twice gives one line. */
export function linesByUnitPrice(
  counts: Iterable<{ readonly quantity: number; readonly unitPrice: UnitPrice }>,
): RatedLine[] {
  const quantities = new Map<UnitPrice, number>();
  for (const { quantity, unitPrice } of counts) {
    quantities.set(unitPrice, (quantities.get(unitPrice) ?? 0) + quantity);
  }
  return [...quantities]
    .filter(([, quantity]) => quantity > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([unitPrice, quantity]) => ({ quantity, unitPrice, net: lineNet(BigInt(quantity), unitPrice) }));
}

/**
 * Net is the sum of the printed lines; VAT is taken once on that sum (EN 16931 BR-CO-17), never line by line: three lines
 * of 0.42 give 0.32 on the sum and 0.33 line by line.
 */
export function invoiceTotals(
  lines: Iterable<{ readonly net: Ore }>,
  vatRateBasisPoints: number,
): InvoiceTotals {
  let net = 0n;
  for (const line of lines) net += line.net;
  const vat = vatOf(net, vatRateBasisPoints);
  return { net, vat, gross: net + vat };
}
