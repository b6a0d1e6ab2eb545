import fc from 'fast-check';
import { formatOre, lineNet } from '@taxameter/contracts';
import { priceList } from './price-list.js';
import { invoiceTotals, linesByUnitPrice, rateSms } from './rate-sms.js';

const START = '2020-01-01T00:00:00.000Z';
const at = (unitPrice: bigint, vatIncluded = false) => priceList([{ from: START, unitPrice, vatIncluded }]);
const sms = (count: number, instant = '2026-08-01T10:00:00Z') =>
  Array.from({ length: count }, () => new Date(instant));

function totalsOf(count: number, prices = at(10_000n)): string[] {
  const { net, vat, gross } = invoiceTotals(rateSms(sms(count), prices, 2500), 2500);
  return [net, vat, gross].map(formatOre);
}

describe('rating SMS', () => {
  it('bills 1,234 SMS at 1.00 with 1,234.00 + 308.50 = 1,542.50', () => {
    expect(totalsOf(1234)).toEqual(['1234.00', '308.50', '1542.50']);
  });

  it('rounds VAT half up, not half even', () => {
    expect(totalsOf(3527, at(3_500n))).toEqual(['1234.45', '308.61', '1543.06']);
    expect(totalsOf(2469, at(5_000n))).toEqual(['1234.50', '308.63', '1543.13']);
  });

  it('keeps the sum that a price with moms included promised', () => {
    expect(totalsOf(3, at(10_000n, true))).toEqual(['2.40', '0.60', '3.00']);
  });

  it('gives a line for each side of a price change', () => {
    const prices = priceList([
      { from: START, unitPrice: 10_000n, vatIncluded: false },
      { from: '2026-08-14T22:00:00.000Z', unitPrice: 12_500n, vatIncluded: false },
    ]);
    const sent = [...sms(2, '2026-08-14T22:00:00.000Z'), ...sms(3, '2026-08-14T21:59:59.999Z')];
    expect(rateSms(sent, prices, 2500)).toEqual([
      { quantity: 3, unitPrice: 10_000n, net: 300n },
      { quantity: 2, unitPrice: 12_500n, net: 250n },
    ]);
  });

  it('gives no line for nothing', () => {
    expect(rateSms([], at(10_000n), 2500)).toEqual([]);
    expect(linesByUnitPrice([{ quantity: 0, unitPrice: 10_000n }])).toEqual([]);
  });

  it('takes VAT once on the sum, not line by line', () => {
    const lines = [{ net: 42n }, { net: 42n }, { net: 42n }];
    expect(invoiceTotals(lines, 2500)).toEqual({ net: 126n, vat: 32n, gross: 158n });
  });

  it('sums lines to net, and net and VAT to gross, for any quantities, prices and rates', () => {
    const counts = fc.array(
      fc.record({ quantity: fc.integer({ min: 0, max: 3_000_000 }), unitPrice: fc.bigInt(1n, 99_999n) }),
    );
    fc.assert(
      fc.property(counts, fc.integer({ min: 0, max: 10_000 }), (given, rate) => {
        const lines = linesByUnitPrice(given);
        const { net, vat, gross } = invoiceTotals(lines, rate);
        expect(lines.reduce((sum, line) => sum + line.net, 0n)).toBe(net);
        expect(gross).toBe(net + vat);
        for (const line of lines) expect(line.net).toBe(lineNet(BigInt(line.quantity), line.unitPrice));
        const quantity = given.reduce((sum, count) => sum + count.quantity, 0);
        expect(lines.reduce((sum, line) => sum + line.quantity, 0)).toBe(quantity);
        expect(new Set(lines.map(({ unitPrice }) => unitPrice)).size).toBe(lines.length);
        // At most half an øre of rounding, so 10,000 × VAT lies within 5,000 of net × rate.
        const difference = vat * 10_000n - net * BigInt(rate);
        expect(difference <= 5_000n && difference > -5_000n).toBe(true);
      }),
    );
  });
});
