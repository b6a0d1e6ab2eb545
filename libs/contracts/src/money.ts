/**
 * Money as integers: amounts in øre (`bigint`), unit prices in 1/10,000 krone (`bigint`), because a price may have four
 * decimals (domain rule 2.2) and a float cannot hold 0.35 exactly. All rounding of money goes through `divideHalfUp`.
 */

/** An amount in øre (1/100 krone). */
export type Ore = bigint;

/** A unit price in 1/10,000 krone: 1.00 kr is 10_000n. */
export type UnitPrice = bigint;

const UNIT_PRICE_PER_ORE = 100n;

/**
 * The one rounding function: numerator ÷ denominator, half up on magnitudes (1.5 → 2, −1.5 → −2), so that a credit of an
 * amount is the exact negative of the amount. Danish practice is half up, not half even: 1,234.50 × 25 % = 308.625 → 308.63.
 *
 * @throws RangeError when the denominator is not positive
 */
export function divideHalfUp(numerator: bigint, denominator: bigint): bigint {
  if (denominator <= 0n) throw new RangeError(`the denominator must be positive, not ${denominator}`);
  const magnitude = numerator < 0n ? -numerator : numerator;
  const rounded = (2n * magnitude + denominator) / (2n * denominator);
  return numerator < 0n ? -rounded : rounded;
}

/** quantity × unit price, rounded once to øre: the net amount of one line. */
export function lineNet(quantity: bigint, unitPrice: UnitPrice): Ore {
  return divideHalfUp(quantity * unitPrice, UNIT_PRICE_PER_ORE);
}

/** VAT of a net amount, rounded once (EN 16931 BR-CO-17). The rate is in basis points: 25 % is 2500. */
export function vatOf(net: Ore, rateBasisPoints: number): Ore {
  return divideHalfUp(net * BigInt(rateBasisPoints), 10_000n);
}

/** 123450n øre → "1234.50": the decimal string of the wire and of the e-invoice. */
export function formatOre(amount: Ore): string {
  return decimal(amount, 2);
}

/** 10_000n → "1.00", 3_500n → "0.35", 12_345n → "1.2345": at least two decimals, four where they matter. */
export function formatUnitPrice(price: UnitPrice): string {
  return decimal(price, 4).replace(/00$/, '');
}

/**
 * "1234.50" → 123450n øre.
 * @throws RangeError when the text is not a decimal with at most two places
 */
export function parseOre(text: string): Ore {
  return parseDecimal(text, 2);
}

/**
 * "1.00" → 10_000n.
 * @throws RangeError when the text is not a decimal with at most four places
 */
export function parseUnitPrice(text: string): UnitPrice {
  return parseDecimal(text, 4);
}

function decimal(value: bigint, places: number): string {
  const sign = value < 0n ? '-' : '';
  const digits = (value < 0n ? -value : value).toString().padStart(places + 1, '0');
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

function parseDecimal(text: string, places: number): bigint {
  const match = /^(-?)(\d{1,15})(?:\.(\d+))?$/.exec(text);
  const fraction = match?.[3] ?? '';
  if (!match || fraction.length > places) {
    throw new RangeError(`"${text}" is not a decimal number with at most ${places} places`);
  }
  const magnitude = BigInt(match[2] + fraction.padEnd(places, '0'));
  return match[1] ? -magnitude : magnitude;
}
