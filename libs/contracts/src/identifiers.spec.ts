import fc from 'fast-check';
import { ID_PREFIXES, agreementIdOf, makeId, type IdKind } from './identifiers.js';

const random = fc.uint8Array({ minLength: 10, maxLength: 10 });
/** 2026-10-05T08:00:00Z. */
const NOW_MS = 1_791_187_200_000;

describe('makeId', () => {
  it('writes prefix, time, version 7 and variant where RFC 9562 has them', () => {
    const bytes = new Uint8Array(10).fill(0xff);
    expect(makeId('breach', NOW_MS, bytes)).toBe(
      `br_${NOW_MS.toString(16).padStart(12, '0')}7fffbfffffffffffffff`,
    );
  });

  it('has the form of a UUIDv7 whatever the time and the random bytes are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), random, (nowMs, bytes) => {
        expect(makeId('invoice', nowMs, bytes)).toMatch(/^inv_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
      }),
    );
  });

  it('sorts by time as text', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 45 }),
        fc.integer({ min: 1, max: 2 ** 40 }),
        random,
        random,
        (nowMs, laterMs, one, other) => {
          expect(makeId('token', nowMs, one) < makeId('token', nowMs + laterMs, other)).toBe(true);
        },
      ),
    );
  });

  it('has another prefix for every kind', () => {
    const kinds = Object.keys(ID_PREFIXES) as IdKind[];
    expect(new Set(kinds.map((kind) => makeId(kind, 0, new Uint8Array(10)))).size).toBe(kinds.length);
  });

  it('refuses nine random bytes, which would leave a byte that everybody knows', () => {
    expect(() => makeId('token', 0, new Uint8Array(9))).toThrow(RangeError);
  });
});

describe('agreementIdOf', () => {
  it.each([
    [null, ''],
    [undefined, ''],
    ['148383', '148383'],
  ])('makes %j the agreement %j', (wire, agreement) => {
    expect(agreementIdOf(wire)).toBe(agreement);
  });
});
