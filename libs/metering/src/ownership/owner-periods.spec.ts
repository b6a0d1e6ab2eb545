import { ownerPeriods } from './owner-periods.js';

describe('owner periods', () => {
  it('end where the next one begins, in whatever order the fact lists them', () => {
    expect(
      ownerPeriods([
        { partnerId: 'par_2', from: '2026-09-01T00:00:00+02:00' },
        { partnerId: 'par_1', from: '2026-01-01T00:00:00Z' },
      ]),
    ).toEqual([
      { partnerId: 'par_1', validFrom: '2026-01-01T00:00:00.000Z', validTo: '2026-08-31T22:00:00.000Z' },
      { partnerId: 'par_2', validFrom: '2026-08-31T22:00:00.000Z', validTo: null },
    ]);
  });

  it('let the later entry hold of two from the same instant', () => {
    expect(
      ownerPeriods([
        { partnerId: 'par_1', from: '2026-01-01T00:00:00Z' },
        { partnerId: 'par_2', from: '2026-01-01T01:00:00+01:00' },
      ]),
    ).toEqual([{ partnerId: 'par_2', validFrom: '2026-01-01T00:00:00.000Z', validTo: null }]);
  });
});
