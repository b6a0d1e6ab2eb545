import fc from 'fast-check';
import {
  divideHalfUp,
  formatOre,
  formatUnitPrice,
  lineNet,
  parseOre,
  parseUnitPrice,
  vatOf,
} from './money.js';

const ore = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });

/** Net, VAT and gross of one line at 25 %, as text. */
function amounts(quantity: bigint, unitPrice: string): string[] {
  const net = lineNet(quantity, parseUnitPrice(unitPrice));
  const vat = vatOf(net, 2500);
  return [net, vat, net + vat].map(formatOre);
}

describe('rounding', () => {
  it.each([
    [3n, 2n, 2n],
    [-3n, 2n, -2n],
    [5n, 2n, 3n],
    [-5n, 2n, -3n],
    [4n, 3n, 1n],
    [-4n, 3n, -1n],
    [0n, 7n, 0n],
  ])('%s ÷ %s is %s: half goes up on the magnitude', (numerator, denominator, quotient) => {
    expect(divideHalfUp(numerator, denominator)).toBe(quotient);
  });

  it.each([0n, -1n])('refuses to divide by %s', (denominator) => {
    expect(() => divideHalfUp(1n, denominator)).toThrow(RangeError);
  });

  it('lies at most half a denominator from the truth, and a credit is the exact negative', () => {
    fc.assert(
      fc.property(ore, fc.bigInt({ min: 1n, max: 10n ** 9n }), (numerator, denominator) => {
        const quotient = divideHalfUp(numerator, denominator);
        const twiceTheError = 2n * (quotient * denominator - numerator);
        expect(twiceTheError <= denominator && twiceTheError >= -denominator).toBe(true);
        expect(divideHalfUp(-numerator, denominator)).toBe(-quotient);
      }),
    );
  });
});

describe('invoice amounts', () => {
  it('gives 3,527 SMS at 0.35 the net 1234.45, VAT 308.61 and gross 1543.06', () => {
    expect(amounts(3527n, '0.35')).toEqual(['1234.45', '308.61', '1543.06']);
  });

  it('gives 2,469 SMS at 0.50 the VAT 308.63, which half even would make 308.62', () => {
    expect(amounts(2469n, '0.50')).toEqual(['1234.50', '308.63', '1543.13']);
  });

  it('keeps two million SMS at 1.00 exact', () => {
    expect(amounts(2_000_000n, '1.00')).toEqual(['2000000.00', '500000.00', '2500000.00']);
  });

  it('takes VAT once of the sum: three lines of 0.42 owe 0.32, not three times 0.11', () => {
    const line = lineNet(1n, parseUnitPrice('0.42'));
    expect(vatOf(3n * line, 2500)).toBe(32n);
    expect(3n * vatOf(line, 2500)).toBe(33n);
  });

  it('splits 3.00 with VAT into 2.40 and 0.60', () => {
    const gross = parseOre('3.00');
    const net = divideHalfUp(gross * 10_000n, 12_500n);
    expect([net, gross - net].map(formatOre)).toEqual(['2.40', '0.60']);
  });

  it('owes no VAT at a rate of zero', () => {
    expect(vatOf(123_450n, 0)).toBe(0n);
  });
});

describe('decimal text', () => {
  it.each([
    [0n, '0.00'],
    [5n, '0.05'],
    [-5n, '-0.05'],
    [100n, '1.00'],
    [-123_450n, '-1234.50'],
  ])('writes %s øre as %s', (amount, text) => {
    expect(formatOre(amount)).toBe(text);
  });

  it.each([
    [10_000n, '1.00'],
    [3_500n, '0.35'],
    [12_345n, '1.2345'],
    [12_340n, '1.2340'],
    [1_000_000n, '100.00'],
    [1n, '0.0001'],
  ])('writes the unit price %s as %s', (price, text) => {
    expect(formatUnitPrice(price)).toBe(text);
  });

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(ore, (value) => {
        expect(parseOre(formatOre(value))).toBe(value);
        expect(parseUnitPrice(formatUnitPrice(value))).toBe(value);
      }),
    );
  });

  it.each(['1.234', '1,00', '1e3', '', '.5', '1.', '+1', ' 1', '0x10', 'NaN', '١.00', '1'.repeat(16)])(
    'does not read %j as an amount',
    (text) => {
      expect(() => parseOre(text)).toThrow(RangeError);
    },
  );

  it('reads four decimals as a unit price and refuses five', () => {
    expect(parseUnitPrice('0.0001')).toBe(1n);
    expect(() => parseUnitPrice('0.00001')).toThrow(/at most 4 places/);
  });
});
