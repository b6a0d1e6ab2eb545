/**
 * Which partition a key belongs to: the same as Kafka's Java client (murmur2 of the UTF-8 bytes, sign bit cleared, modulo
 * the partition count), so that records written by other hands with the same key land beside ours.
 */

const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

export function partitionForKey(key: string, partitions: number): number {
  return (murmur2(new TextEncoder().encode(key)) & 0x7fffffff) % partitions;
}

/** The 32-bit murmur2 of Kafka's `Utils.murmur2`, as a signed integer. */
export function murmur2(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wholeWords = bytes.length >> 2;
  let hash = SEED ^ bytes.length;
  for (let word = 0; word < wholeWords; word += 1) {
    let mixed = Math.imul(view.getInt32(word * 4, true), MULTIPLIER);
    mixed ^= mixed >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(mixed, MULTIPLIER);
  }
  const tail = bytes.subarray(wholeWords * 4);
  if (tail.length > 0) {
    for (let index = tail.length - 1; index >= 0; index -= 1) hash ^= tail[index]! << (8 * index);
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  return hash ^ (hash >>> 15);
}
