import type { SignalKey, Signals } from './tables.js';

/** The minutes, each of an agreement, in which something was called or sent: they are to be judged anew. In the order of their keys. */
export function minutesTouched({ pairs, smsMinutes }: Signals): SignalKey[] {
  // Rows of a pair and a minute have the same key in both.
  return [...new Map<string, SignalKey>([...pairs, ...smsMinutes])]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, row]) => row);
}
