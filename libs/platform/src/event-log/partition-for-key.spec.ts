import fc from 'fast-check';
import { murmur2, partitionForKey } from './partition-for-key.js';

const encode = (text: string) => new TextEncoder().encode(text);

/** murmur2 written again from its description, in integers without overflow, to hold the fast one against. */
function murmur2ByBigInt(bytes: Uint8Array): number {
  const multiplier = 0x5bd1e995n;
  const wrap = (value: bigint) => BigInt.asUintN(32, value);
  let hash = wrap(0x9747b28cn ^ BigInt(bytes.length));
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    let word = 0n;
    for (let index = 3; index >= 0; index -= 1) word = (word << 8n) | BigInt(bytes[at + index]!);
    word = wrap(word * multiplier);
    word = wrap((word ^ (word >> 24n)) * multiplier);
    hash = wrap(hash * multiplier) ^ word;
  }
  if (at < bytes.length) {
    let rest = 0n;
    for (let index = bytes.length - 1; index >= at; index -= 1) rest = (rest << 8n) | BigInt(bytes[index]!);
    hash = wrap((hash ^ rest) * multiplier);
  }
  hash = wrap((hash ^ (hash >> 13n)) * multiplier);
  return Number(BigInt.asIntN(32, hash ^ (hash >> 15n)));
}

describe('partitionForKey', () => {
  // The vectors of Kafka's own UtilsTest.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %j to %i, as the Java client does', (key, hash) => {
    expect(murmur2(encode(key))).toBe(hash);
    expect(murmur2ByBigInt(encode(key))).toBe(hash);
  });

  it('agrees with the slow murmur2 on any bytes, also in the middle of a buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(5), (bytes, shift) => {
        const inside = new Uint8Array([...new Uint8Array(shift).fill(0xee), ...bytes]).subarray(shift);
        expect(murmur2(inside)).toBe(murmur2ByBigInt(bytes));
      }),
    );
  });

  it('gives every key a partition that exists, and the same one each time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 64 }), (key, partitions) => {
        const partition = partitionForKey(key, partitions);
        expect(partition).toBe((murmur2ByBigInt(encode(key)) & 0x7fffffff) % partitions);
        expect(Number.isInteger(partition) && partition >= 0 && partition < partitions).toBe(true);
      }),
    );
  });

  it('hashes the UTF-8 bytes of a key, not its UTF-16 units', () => {
    expect(murmur2(encode('æ'))).toBe(murmur2ByBigInt(new Uint8Array([0xc3, 0xa6])));
  });
});
