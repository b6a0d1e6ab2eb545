import fc from 'fast-check';
import { Quarter } from '@taxameter/contracts';
import { billingOutcome } from '../holds/hold-reason.js';
import { priceAt, priceList } from '../price/price-list.js';
import { SAMPLE_SELLER } from '../seller/seller.js';
import { constantPeriods } from './periods.js';
import { previewQuarter } from './preview.js';
import type { KnownPartner, SmsCount } from './preview.js';

const Q3 = Quarter.at(2026, 3);
const PRICES = priceList([
  { from: '2026-01-01T00:00:00Z', unitPrice: 10_000n, vatIncluded: false },
  { from: '2026-08-14T22:00:00Z', unitPrice: 12_500n, vatIncluded: false },
]);

describe('the periods of a quarter', () => {
  it('are the whole quarter when nothing changes in it', () => {
    const history = {
      ownership: [{ partnerId: 'par_a', from: '2026-01-01T00:00:00Z' }],
      status: [{ status: 'active' as const, from: '2026-10-01T00:00:00Z', reason: null }],
    };
    const one = priceList([{ from: '2026-01-01T00:00:00Z', unitPrice: 1n, vatIncluded: false }]);
    expect(constantPeriods(Q3, history, one)).toEqual([{ from: Q3.start, to: Q3.end }]);
  });

  it('are cut at a price change, which begins at its own instant', () => {
    const cut = new Date('2026-08-14T22:00:00Z');
    expect(constantPeriods(Q3, { ownership: [], status: [] }, PRICES)).toEqual([
      { from: Q3.start, to: cut },
      { from: cut, to: Q3.end },
    ]);
  });

  it('judge and price every SMS as if it were judged alone, whatever the histories are', () => {
    const instant = fc
      .integer({ min: Q3.start.getTime() - 86_400_000, max: Q3.end.getTime() + 86_400_000 })
      .map((ms) => new Date(ms).toISOString());
    const ownership = fc.array(fc.record({ partnerId: fc.constantFrom('par_a', 'par_b'), from: instant }), {
      maxLength: 4,
    });
    const status = fc.array(
      fc.record({
        status: fc.constantFrom('active' as const, 'deactivated' as const),
        from: instant,
        reason: fc.constant(null),
      }),
      { maxLength: 4 },
    );
    const sentMs = fc.integer({ min: Q3.start.getTime(), max: Q3.end.getTime() - 1 });
    fc.assert(
      fc.property(ownership, status, sentMs, (owners, states, ms) => {
        const sentAt = new Date(ms);
        const periods = constantPeriods(Q3, { ownership: owners, status: states }, PRICES);
        const own = periods.filter(({ from, to }) => sentAt >= from && sentAt < to);
        expect(own).toHaveLength(1);
        const context = { allowedCountries: ['DK'], ownership: owners, statusHistory: states };
        const judge = (at: Date) =>
          billingOutcome({ sentAt: at, recipientCountry: 'DK', testMode: false }, context);
        expect(judge(own[0]!.from)).toEqual(judge(sentAt));
        expect(priceAt(PRICES, own[0]!.from)).toBe(priceAt(PRICES, sentAt));
      }),
    );
  });
});

describe('the preview of a quarter', () => {
  const partner: KnownPartner = {
    partnerId: 'par_a',
    version: 1,
    name: 'Påmindelse & Søn A/S',
    address: { street: 'Åboulevarden 2', postalCode: '8000', city: 'Aarhus C', country: 'DK' },
    cvr: '34731543',
    vatNumber: null,
    email: null,
  };
  const integration = {
    integrationId: 'isv_a',
    version: 1,
    name: 'Påmindelse',
    ownership: [{ partnerId: 'par_a', from: '2026-01-01T00:00:00Z' }],
    status: [{ status: 'active' as const, from: '2026-01-01T00:00:00Z', reason: null }],
  };
  const count = (data: Partial<SmsCount> = {}): SmsCount => ({
    integrationId: 'isv_a',
    agreementId: '1',
    recipientCountry: 'DK',
    testMode: false,
    from: Q3.start.toISOString(),
    to: '2026-08-14T22:00:00.000Z',
    quantity: 10,
    ...data,
  });
  const preview = (counts: SmsCount[], partners: KnownPartner[] = [partner]) =>
    previewQuarter({
      quarter: Q3,
      seller: SAMPLE_SELLER,
      prices: PRICES,
      allowedCountries: ['DK'],
      partners,
      integrations: [integration],
      agreements: [],
      counts,
    });

  it('gives a line for each unit price in force', () => {
    const later = count({ from: '2026-08-14T22:00:00.000Z', to: Q3.end.toISOString(), quantity: 4 });
    expect(preview([count(), later]).partners[0]?.draft?.sections[0]?.lines).toEqual([
      { quantity: 10, unitPrice: '1.00', net: '10.00' },
      { quantity: 4, unitPrice: '1.25', net: '5.00' },
    ]);
  });

  it('parks an owner that nobody has told about, and one abroad, and drafts neither', () => {
    expect(preview([count()], []).partners[0]).toMatchObject({
      status: 'parked',
      parked: { reason: 'partner_unknown' },
      draft: null,
    });
    const swedish = { ...partner, address: { ...partner.address, country: 'SE' } };
    expect(preview([count()], [swedish]).partners[0]).toMatchObject({
      status: 'parked',
      parked: { reason: 'needs_vat_decision', country: 'SE' },
      draft: null,
    });
  });

  it('lists a partner whose SMS are all held or tests as one without usage', () => {
    const { partners, held } = preview([count({ recipientCountry: 'SE' }), count({ testMode: true })]);
    expect(partners).toMatchObject([
      { status: 'no_usage', counts: { billed: 0, held: 10, test: 10 }, draft: null },
    ]);
    expect(held).toMatchObject([{ reason: 'foreign_number', partnerId: 'par_a', quantity: 10 }]);
  });
});
