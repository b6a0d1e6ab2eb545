import { CHECKED_PREFIXES, isPlausibleVatNumber } from './vat-number.js';

describe('a VAT number', () => {
  it.each([
    ...['DK12345674', 'DE136695976', 'SE556036079301', 'NO923609016MVA', 'NL123456789B13', 'EL094259216'],
    ...['FI20774740', 'GB980780684', 'XI980780684', 'CHE107787577MWST', 'FR40303265045', 'IE6388047V'],
    ...['ATU13585627', 'ESA13585625', 'PL5260001246', 'IS00621'],
  ])('passes: %s', (number) => expect(isPlausibleVatNumber(number)).toBe(true));

  it.each(['DK12345678', 'DE136695977', 'EL094259217', 'CHE107787578MWST', 'PL5260001247', 'NO923609017MVA'])(
    'does not pass with a wrong check digit: %s',
    (number) => expect(isPlausibleVatNumber(number)).toBe(false),
  );

  it.each(['12345674', 'de136695976', 'DE 136695976', 'GR094259216', 'CH107787577', 'XX123', 'DK', ''])(
    'does not pass without its form: %j',
    (number) => expect(isPlausibleVatNumber(number)).toBe(false),
  );

  it('of a country without a check passes when it begins with its code', () => {
    expect(isPlausibleVatNumber('US123456789')).toBe(true);
  });

  it('is checked for every country of the EU and its neighbours', () => {
    expect(CHECKED_PREFIXES).toHaveLength(32);
    for (const prefix of CHECKED_PREFIXES) {
      expect([prefix, isPlausibleVatNumber(`${prefix}99`)]).toEqual([prefix, false]);
    }
  });
});
