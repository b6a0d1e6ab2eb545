/** Chance that can be had again: the same for the same seed, on every machine. */

/** Whole numbers from 0 to below 2^32. */
export type Random = () => number;

/** mulberry32: 32 bits a call. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/**
 * The same values in another order (Fisher and Yates).
 * @param below a whole number from 0 to below its argument
 */
export function shuffled<Value>(values: readonly Value[], below: (bound: number) => number): Value[] {
  const mixed = [...values];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const other = below(last + 1);
    [mixed[last], mixed[other]] = [mixed[other]!, mixed[last]!];
  }
  return mixed;
}
