/** How often a spec kills something, and at which moments: both by jest's --globals, as `npm run faults` gives them. */
const { FAULT_ROUNDS = 0, FAULT_SEED = 1 } = globalThis as { FAULT_ROUNDS?: number; FAULT_SEED?: number };

/** Without `npm run faults` a spec has its own small number. */
export function faultRounds(small: number): number {
  return FAULT_ROUNDS || small;
}

/** Whole numbers from 0 to below a bound, the same for the same seed (mulberry32). */
export function faultMoments(): (below: number) => number {
  let state = FAULT_SEED;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
