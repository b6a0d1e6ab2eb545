import { isCountry } from './country.js';

const NAMES = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
const LETTERS = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');

describe('a country', () => {
  it('is one of the 249 that ISO 3166-1 has', () => {
    const codes = LETTERS.flatMap((first) => LETTERS.map((second) => first + second)).filter(isCountry);
    expect(codes).toHaveLength(249);
    for (const code of codes) expect([code, NAMES.of(code)]).toEqual([code, expect.any(String)]);
  });

  it.each(['UK', 'EU', 'XX', 'ZZ', 'AN', 'SU', 'dk', '', 'DNK'])('is not: %j', (code) =>
    expect(isCountry(code)).toBe(false),
  );
});
