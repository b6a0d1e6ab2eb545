import type { Clock } from './clock.js';

/** The clock of a running system. */
export const systemClock: Clock = { now: () => new Date() };
