import { reachedPercent } from './reached.js';

describe('the share of an SMS budget', () => {
  it.each([
    [0, 100, 0],
    [49, 100, 0],
    [50, 100, 50],
    [79, 100, 50],
    [80, 100, 80],
    [99, 100, 80],
    [100, 100, 100],
    [250, 100, 100],
    [1, 3, 0],
    [2, 3, 50],
    [3, 3, 100],
    [0, 1, 0],
    [1, 1, 100],
    [99_999_999, 100_000_000, 80],
  ])('is, with %i of %i sent, %i per cent', (messages, budget, expected) => {
    expect(reachedPercent(messages, budget)).toBe(expected);
  });

  it('is nothing without a budget, however many are sent', () => {
    expect(reachedPercent(1_000_000, null)).toBe(0);
  });
});
