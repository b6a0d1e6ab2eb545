import { unstorableFields } from './unstorable.js';

describe('what PostgreSQL would refuse', () => {
  it.each([
    ['NUL', 'a\0b', 'holds NUL'],
    ['the year 0000', '0000-12-31T23:59:59Z', 'is not an instant'],
    ['an offset that leads to the year 0', '0001-01-01T00:30:00+01:00', 'is not an instant'],
    ['an offset that leads to the year 10000', '9999-12-31T23:30:00-01:00', 'is not an instant'],
  ])('is %s, wherever it stands, and its field is named', (_, text, reason) => {
    const input = { note: 'fine', terms: [{ from: '2026-01-01T00:00:00Z' }, { from: text }] };
    expect(unstorableFields(input, ['query'])).toEqual([
      { field: 'query.terms.1.from', reason: expect.stringContaining(reason) as string },
    ]);
  });

  it('is a name that a caller chose with NUL', () => {
    expect(unstorableFields({ versions: { 'a\0': 1 } })).toEqual([
      { field: 'versions', reason: 'has a name that holds NUL' },
    ]);
  });

  it.each([
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999Z',
    '9999-12-31T23:59:59+01:00',
    '0000',
    '',
    '99991',
  ])('is not %j', (text) => {
    expect(unstorableFields({ text, none: null, one: 1, yes: true })).toEqual([]);
  });
});
