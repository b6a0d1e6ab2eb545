import { decideVat } from './decide-vat.js';

const ADDRESS = { street: 'Åboulevarden 2', postalCode: '8000', city: 'Aarhus C', country: 'DK' };
const CUSTOMER = { name: 'Påmindelse & Søn A/S', cvr: '34731543', address: ADDRESS };
const DAY = '2026-09-30';

describe('the VAT decision', () => {
  it('is 25 % for a Danish customer, with the reason', () => {
    expect(decideVat(CUSTOMER, DAY)).toEqual({
      outcome: 'decided',
      decision: {
        category: 'S',
        rateBasisPoints: 2500,
        reason: 'customer in DK: standard rate in force on 2026-09-30',
      },
      warnings: [],
    });
  });

  it.each(['SE', 'GL', 'FO', 'US'])('waits for finance when the customer is in %s', (country) => {
    const outcome = decideVat({ ...CUSTOMER, address: { ...ADDRESS, country } }, DAY);
    expect(outcome).toEqual({ outcome: 'needs_vat_decision', country });
  });

  it('names what is missing, blank text included', () => {
    const outcome = decideVat({ ...CUSTOMER, name: ' ', address: { ...ADDRESS, city: '' } }, DAY);
    expect(outcome).toEqual({ outcome: 'needs_data', missing: ['name', 'city'] });
    expect(decideVat({ ...CUSTOMER, address: null }, DAY)).toEqual({
      outcome: 'needs_data',
      missing: ['street', 'postalCode', 'city', 'country'],
    });
  });

  it('warns of a CVR number that is missing or cannot be right, and decides all the same', () => {
    expect(decideVat({ ...CUSTOMER, cvr: null }, DAY)).toMatchObject({ warnings: ['cvr_missing'] });
    expect(decideVat({ ...CUSTOMER, cvr: '12345678' }, DAY)).toMatchObject({
      outcome: 'decided',
      warnings: ['cvr_check_failed'],
    });
  });

  it('takes the rate that is in force on the last day of the delivery period', () => {
    const rates = [
      { from: '1992-01-01', rateBasisPoints: 2500 },
      { from: '2027-01-01', rateBasisPoints: 2400 },
    ];
    expect(decideVat(CUSTOMER, '2026-12-31', rates)).toMatchObject({ decision: { rateBasisPoints: 2500 } });
    expect(decideVat(CUSTOMER, '2027-03-31', rates)).toMatchObject({ decision: { rateBasisPoints: 2400 } });
    expect(() => decideVat(CUSTOMER, '1991-12-31', rates)).toThrow(RangeError);
  });
});
