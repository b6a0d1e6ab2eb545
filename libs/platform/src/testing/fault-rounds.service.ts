import { randomOf } from '@taxameter/contracts/testing';

/** How often a spec kills something, and at which moments: both by jest's --globals, as `npm run faults` gives them. */
const {
  FAULT_ROUNDS = 0,
  FAULT_SEED = 1,
  FAULT_EVENTS = 0,
} = globalThis as { FAULT_ROUNDS?: number; FAULT_SEED?: number; FAULT_EVENTS?: number };

/** Without `npm run faults` a spec has its own small number. */
export function faultRounds(small: number): number {
  return FAULT_ROUNDS || small;
}

/** How many events flow meanwhile, where the spec can choose. */
export function faultEvents(small: number): number {
  return Math.max(FAULT_EVENTS, small);
}

/** Whole numbers from 0 to below a bound, the same for the same seed. */
export function faultMoments(): (below: number) => number {
  const random = randomOf(FAULT_SEED);
  return (below) => random() % below;
}
