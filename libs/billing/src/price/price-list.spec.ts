import { DEFAULT_PRICES, priceAt, priceList, unitPriceWithoutVat } from './price-list.js';

const AUGUST = priceList([
  { from: '2026-08-15T00:00:00.000+02:00', unitPrice: 12_500n, vatIncluded: false },
  { from: '2020-01-01T00:00:00.000Z', unitPrice: 10_000n, vatIncluded: false },
]);

describe('the price list', () => {
  it('changes the price at the local midnight itself, in whatever order the entries were given', () => {
    expect(priceAt(AUGUST, new Date('2026-08-14T21:59:59.999Z')).unitPrice).toBe(10_000n);
    expect(priceAt(AUGUST, new Date('2026-08-14T22:00:00.000Z')).unitPrice).toBe(12_500n);
  });

  it('costs one krone by default, without VAT', () => {
    const entry = priceAt(DEFAULT_PRICES, new Date('2026-07-01T00:00:00Z'));
    expect(unitPriceWithoutVat(entry, 2500)).toBe(10_000n);
  });

  it('refuses to price an SMS older than the list', () => {
    expect(() => priceAt(AUGUST, new Date('2019-12-31T23:59:59Z'))).toThrow('no price is in force');
  });

  it.each([
    ['no price', []],
    ['two prices from one instant', [AUGUST.entries[0]!, AUGUST.entries[0]!]],
    ['a price of nothing', [{ ...AUGUST.entries[0]!, unitPrice: 0n }]],
    ['an instant that does not parse', [{ ...AUGUST.entries[0]!, from: '15 August' }]],
  ])('refuses %s', (_, entries) => {
    expect(() => priceList(entries)).toThrow(RangeError);
  });

  it('prints a price with moms included without it', () => {
    const entry = { from: '2020-01-01T00:00:00Z', unitPrice: 10_000n, vatIncluded: true };
    expect(unitPriceWithoutVat(entry, 2500)).toBe(8_000n);
  });

  it('refuses an inclusive price whose net is not whole øre, since the promised sum could not be kept', () => {
    const entry = { from: '2020-01-01T00:00:00Z', unitPrice: 9_900n, vatIncluded: true };
    expect(() => unitPriceWithoutVat(entry, 2500)).toThrow(RangeError);
  });
});
