import fc from 'fast-check';
import { holdFrom, inForceAt, PastWouldChange } from './history.js';

interface Owner {
  readonly owner: string;
  readonly from: string;
}

const day = (number: number) => new Date(Date.UTC(2026, 0, number));
const since = (owner: string, number: number): Owner => ({ owner, from: day(number).toISOString() });
const isSame = (one: Owner, other: Owner) => one.owner === other.owner;
const hold = (history: readonly Owner[], wanted: Owner, today: number) =>
  holdFrom(history, wanted, isSame, day(today));

describe('an effective-dated history', () => {
  it('is in force from the very instant of an entry on, and not a millisecond before', () => {
    const history = [since('a', 1), since('b', 10)];
    expect(inForceAt(history, day(10))?.owner).toBe('b');
    expect(inForceAt(history, new Date(day(10).getTime() - 1))?.owner).toBe('a');
    expect(inForceAt(history, new Date(day(1).getTime() - 1))).toBeNull();
  });

  it('takes the later in the list of two entries that begin together', () => {
    expect(inForceAt([since('a', 1), since('b', 1)], day(2))?.owner).toBe('b');
  });

  it('adds nothing when what is wanted holds already', () => {
    const history = [since('a', 1)];
    expect(hold(history, since('a', 5), 20)).toEqual(history);
  });

  it('takes an entry that begins before today as long as nothing newer is in effect', () => {
    expect(hold([since('a', 1)], since('b', 5), 20)).toEqual([since('a', 1), since('b', 5)]);
  });

  it('refuses an entry that begins before the one in effect', () => {
    expect(() => hold([since('a', 1), since('b', 10)], since('a', 5), 20)).toThrow(PastWouldChange);
    expect(() => hold([since('a', 1), since('b', 10)], since('b', 5), 20)).toThrow(PastWouldChange);
  });

  it('overtakes what is only planned', () => {
    const history = hold([since('a', 1), since('b', 30)], since('c', 20), 20);
    expect(history.map(({ owner }) => owner)).toEqual(['a', 'c', 'b', 'c']);
    expect(inForceAt(history, day(31))?.owner).toBe('c');
  });

  it('cancels a plan when what holds now is wanted from now on', () => {
    const history = hold([since('a', 1), since('b', 30)], since('a', 20), 20);
    expect(history).toEqual([since('a', 1), since('b', 30), since('a', 30)]);
  });

  it('fills the unknown time before the first entry with what that entry says, and with nothing else', () => {
    expect(hold([since('a', 10)], since('a', 1), 20)).toEqual([since('a', 1), since('a', 10)]);
    expect(() => hold([since('a', 10)], since('b', 1), 20)).toThrow(PastWouldChange);
  });

  it('holds what was wanted from its instant on, and changes nothing known before it', () => {
    const wish = fc.record({
      owner: fc.constantFrom('a', 'b', 'c'),
      from: fc.integer({ min: 1, max: 40 }),
      waited: fc.integer({ min: 0, max: 10 }),
    });
    fc.assert(
      fc.property(fc.array(wish, { maxLength: 8 }), (wishes) => {
        let history: readonly Owner[] = [];
        let today = 1;
        for (const { owner, from, waited } of wishes) {
          today += waited;
          let next: readonly Owner[];
          try {
            next = hold(history, since(owner, from), today);
          } catch (error) {
            if (error instanceof PastWouldChange) continue;
            throw error;
          }
          for (let number = 0; number <= 90; number += 1) {
            const before = inForceAt(history, day(number))?.owner;
            const after = inForceAt(next, day(number))?.owner;
            if (number >= from) expect(after).toBe(owner);
            else expect(after).toBe(before);
          }
          const present = inForceAt(history, day(today));
          if (present) {
            for (let number = 0; number < 90 && day(number) < new Date(present.from); number += 1) {
              const before = inForceAt(history, day(number))?.owner;
              if (before) expect(inForceAt(next, day(number))?.owner).toBe(before);
            }
          }
          expect(next.filter((entry) => !history.includes(entry)).length).toBe(next.length - history.length);
          history = next;
        }
      }),
    );
  });
});
