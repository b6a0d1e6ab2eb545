import { createHash } from 'node:crypto';
import { IdentitySet } from './identity-set.js';

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32);

describe('a set of identities', () => {
  it('knows each of a hundred thousand again and has no other, through every growth', () => {
    const set = new IdentitySet();
    const hashes = Array.from({ length: 100_000 }, (_, index) => hashOf(String(index)));
    expect(hashes.filter((hash) => set.add(hash))).toHaveLength(100_000);
    expect(hashes.filter((hash) => set.add(hash))).toEqual([]);
    expect([set.size, set.isFull]).toEqual([100_000, false]);
  });

  it('tells the same hash on two days apart, and holds the hash of nothing but zeros', () => {
    const set = new IdentitySet();
    expect([set.add('0'.repeat(32)), set.add('0'.repeat(32))]).toEqual([true, false]);
    expect([set.add(hashOf('x'), 1), set.add(hashOf('x'), 2), set.add(hashOf('x'), 1)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('says that it is full instead of counting on', () => {
    const set = new IdentitySet(10);
    for (let index = 0; index < 10; index += 1) set.add(hashOf(String(index)));
    expect(set.isFull).toBe(false);
    expect([set.add(hashOf('3')), set.isFull]).toEqual([false, false]);
    expect([set.add(hashOf('one more')), set.isFull, set.size]).toEqual([false, true, 10]);
  });
});
