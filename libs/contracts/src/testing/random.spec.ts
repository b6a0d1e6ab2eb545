import { randomOf, shuffled } from './random.js';

describe('chance that can be had again', () => {
  it('gives the numbers of mulberry32', () => {
    const random = randomOf(1);
    expect([random(), random(), random()]).toEqual([2_693_262_067, 11_749_833, 2_265_367_787]);
  });

  it('leaves every value in a shuffled list, and the list that was given as it was', () => {
    const random = randomOf(7);
    const values = Array.from({ length: 100 }, (_, index) => index);
    const mixed = shuffled(values, (bound) => random() % bound);
    expect(mixed).not.toEqual(values);
    expect(mixed.toSorted((one, other) => one - other)).toEqual(values);
    expect(values[0]).toBe(0);
  });
});
