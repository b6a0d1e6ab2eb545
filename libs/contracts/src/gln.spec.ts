import { isPlausibleGln } from './gln.js';

const GOOD = '5790000000005';

describe('a GLN', () => {
  it.each([GOOD, '5798009811578', '0000000000000'])('passes: %s', (gln) =>
    expect(isPlausibleGln(gln)).toBe(true),
  );

  it.each(['5790000000006', '579000000000', '57900000000055', '57900000000O5', '', ' 5790000000005'])(
    'does not pass: %j',
    (gln) => expect(isPlausibleGln(gln)).toBe(false),
  );

  it('does not pass when any one digit is another', () => {
    for (let place = 0; place < GOOD.length; place += 1) {
      for (const digit of '0123456789') {
        const changed = GOOD.slice(0, place) + digit + GOOD.slice(place + 1);
        expect([changed, isPlausibleGln(changed)]).toEqual([changed, changed === GOOD]);
      }
    }
  });
});
