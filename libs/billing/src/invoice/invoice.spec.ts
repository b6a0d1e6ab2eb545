import fc from 'fast-check';
import { Quarter, parseOre, parseUnitPrice } from '@taxameter/contracts';
import { CUSTOMER, SELLER, group, sampleInvoice } from '../documents/sample.testing.js';
import { buildInvoice, draftInvoice, priceDecimals } from './invoice.js';

describe('an invoice', () => {
  it('is due fourteen calendar days after its local issue date', () => {
    const { number, issueDate, dueDate } = sampleInvoice([group('1', 1)]);
    expect({ number, issueDate, dueDate }).toEqual({
      number: '100042',
      issueDate: '2026-10-05',
      dueDate: '2026-10-19',
    });
  });

  it('takes the local day where UTC is still on the day before, over the end of a year', () => {
    const draft = sampleInvoice([group('1', 1)]);
    const issued = buildInvoice(draft, { number: '100043', issuedAt: new Date('2026-12-31T23:30:00Z') });
    expect([issued.issueDate, issued.dueDate]).toEqual(['2027-01-01', '2027-01-15']);
  });

  it('names the delivery period by its local days', () => {
    expect(sampleInvoice([group('1', 1)]).deliveryPeriod).toEqual({
      firstDay: '2026-07-01',
      lastDay: '2026-09-30',
    });
  });

  it('bills only what is billed, and counts the rest', () => {
    const invoice = sampleInvoice([
      group('1', 1234),
      group('1', 3, { outcome: 'test' }),
      group('2', 2, { outcome: 'held', integrationId: 'isv_z' }),
    ]);
    expect(invoice.totals).toEqual({ net: '1234.00', vat: '308.50', gross: '1542.50' });
    expect(invoice.counts).toEqual({ billed: 1234, test: 3, held: 2 });
    expect(invoice.sections.map(({ lines }) => lines.length)).toEqual([1, 0]);
  });

  it('refuses a quarter in which nothing is billed', () => {
    expect(() => sampleInvoice([group('1', 3, { outcome: 'test' })])).toThrow('nothing to invoice');
  });

  it('survives JSON unchanged', () => {
    const invoice = sampleInvoice([group('1', 7, { unitPrice: 12_345n })]);
    expect(JSON.parse(JSON.stringify(invoice))).toEqual(invoice);
    expect(priceDecimals(invoice)).toBe(4);
  });

  it('does not depend on the order in which the groups come', () => {
    const groups = [group('2', 5), group('1', 3, { unitPrice: 5_000n }), group('1', 9), group('3', 1)];
    expect(sampleInvoice(groups.toReversed())).toEqual(sampleInvoice(groups));
  });

  it('sums its sections to its net, and each agreement to its part of the exact amount', () => {
    const groups = fc.array(
      fc.record({
        integrationId: fc.constantFrom('isv_a', 'isv_b', 'isv_c'),
        agreementId: fc.constantFrom('', '1', '2'),
        outcome: fc.constantFrom('billed' as const, 'held' as const, 'test' as const),
        quantity: fc.integer({ min: 1, max: 5000 }),
        unitPrice: fc.constantFrom(10_000n, 12_500n, 3_333n),
      }),
      { minLength: 1 },
    );
    const vat = { category: 'S', rateBasisPoints: 2500, reason: 'customer in DK' } as const;
    fc.assert(
      fc.property(groups, (given) => {
        const own = given.map((some) => group(some.agreementId, some.quantity, some));
        fc.pre(own.some(({ outcome }) => outcome === 'billed'));
        const { sections, totals, counts } = draftInvoice({
          quarter: Quarter.at(2026, 3),
          seller: SELLER,
          customer: CUSTOMER,
          vat,
          groups: own,
        });
        expect(sections.reduce((sum, { net }) => sum + parseOre(net), 0n)).toBe(parseOre(totals.net));
        const agreements = sections.flatMap((section) => section.agreements);
        const exact = own
          .filter(({ outcome }) => outcome === 'billed')
          .reduce((sum, { quantity, unitPrice }) => sum + BigInt(quantity) * unitPrice, 0n);
        expect(agreements.reduce((sum, { amount }) => sum + parseUnitPrice(amount), 0n)).toBe(exact);
        expect(agreements.reduce((sum, usage) => sum + usage.counts.billed, 0)).toBe(counts.billed);
      }),
    );
  });
});
