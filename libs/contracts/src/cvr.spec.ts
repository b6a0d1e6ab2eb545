import { isPlausibleCvr } from './cvr.js';

describe('the check of a CVR number', () => {
  it.each(['34731543', '12345674'])('passes %s', (cvr) => expect(isPlausibleCvr(cvr)).toBe(true));

  it.each(['12345678', '1234567', '123456740', '1234567a', ''])('does not pass "%s"', (cvr) => {
    expect(isPlausibleCvr(cvr)).toBe(false);
  });

  it('notices each single wrong digit', () => {
    for (let place = 0; place < 8; place += 1) {
      const digit = (Number('12345674'[place]) + 1) % 10;
      expect(isPlausibleCvr(`${'12345674'.slice(0, place)}${digit}${'12345674'.slice(place + 1)}`)).toBe(
        false,
      );
    }
  });
});
