import { partnerMistakes, type PartnerDetails } from './partner.js';

const GLN = '5790000000005';
const address = { street: 'Eksempelvej 1', postalCode: '8000', city: 'Aarhus C', country: 'DK' };
const good: PartnerDetails = {
  ...{ name: 'Eksempel ApS', cvr: '12345674', vatNumber: 'DE136695976', gln: GLN, address },
  ...{ email: 'faktura@eksempel.example', orderNumber: null, buyerReference: null },
  ...{ language: 'da', delivery: 'both' },
};
const rulesOf = (change: Partial<PartnerDetails>, recorded: Partial<PartnerDetails> | null = null) =>
  partnerMistakes({ ...good, ...change }, recorded).map(({ field, rule }) => `${field} ${rule}`);

describe('master data', () => {
  it('that is right is not refused', () => expect(rulesOf({})).toEqual([]));

  it.each<[Partial<PartnerDetails>, string]>([
    [{ cvr: '12345678' }, 'cvr cvr-modulus-11'],
    [{ gln: '5790000000006' }, 'gln gs1-check-digit'],
    [{ vatNumber: 'DE136695977' }, 'vatNumber vat-number'],
    [{ address: { ...address, country: 'UK' } }, 'address.country iso-3166-1'],
    [{ gln: null }, 'delivery e-invoice-needs-gln'],
    [{ gln: null, delivery: 'e_invoice' }, 'delivery e-invoice-needs-gln'],
    [{ email: null }, 'delivery mail-needs-email'],
  ])('with %j is refused: %s', (change, rule) => expect(rulesOf(change)).toEqual([rule]));

  it('says all that is wrong at once', () => {
    expect(rulesOf({ cvr: '12345678', gln: '5790000000006' })).toHaveLength(2);
  });

  it('that was recorded before there was a check stands, until it is another', () => {
    const recorded = { cvr: '12345678', gln: '5790000000006', vatNumber: 'DK12345678' };
    expect(rulesOf(recorded, recorded)).toEqual([]);
    expect(rulesOf({ ...recorded, cvr: '12345679' }, recorded)).toEqual(['cvr cvr-modulus-11']);
  });

  it('needs neither a number nor an address to be recorded', () => {
    const bare = { cvr: null, vatNumber: null, gln: null, address: null, email: null };
    expect(rulesOf({ ...bare, delivery: 'email' })).toEqual([]);
  });
});
