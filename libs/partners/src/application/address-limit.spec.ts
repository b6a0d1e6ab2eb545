import { admit } from './address-limit.js';

const LIMIT = { count: 2, windowMs: 60_000 };

describe('an address', () => {
  it('is admitted up to the limit, then told in how many seconds there is room', () => {
    expect(admit([], 0, LIMIT)).toEqual({ isAdmitted: true, visits: [0] });
    expect(admit([0], 1_000, LIMIT)).toEqual({ isAdmitted: true, visits: [0, 1_000] });
    expect(admit([0, 1_000], 20_000, LIMIT)).toEqual({ isAdmitted: false, retryAfterSec: 40 });
  });

  it('is admitted again when its oldest visit is a window old, and not by trying', () => {
    expect(admit([0, 1_000], 59_999, LIMIT).isAdmitted).toBe(false);
    expect(admit([0, 1_000], 60_000, LIMIT)).toEqual({ isAdmitted: true, visits: [1_000, 60_000] });
  });
});
