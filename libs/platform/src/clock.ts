/** The one clock of the system. Rules never read it: they take instants as arguments. */
export interface Clock {
  /** The current instant (UTC). */
  now(): Date;
}

export const CLOCK = Symbol('CLOCK');

/** A clock that stands still: the demo and the tests give the same answer on every day. */
export function fixedClock(instant: Date): Clock {
  return { now: () => new Date(instant.getTime()) };
}
