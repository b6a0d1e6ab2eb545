import { minuteOf, minuteStart } from '../signals/minute.js';
import type { BreachCase, BreachDecision } from './decide-breach.js';

/**
 * A case is settled through a minute, by a person or because it was quiet for long enough (`clearing/`): what was called up to the
 * end of it is over, whatever comes to light of it later, and what is called after it is judged by itself, as if nothing had been
 * called before.
 *
 * A case answers for the minutes after the one before it was settled, up to the one through which it is settled itself; those
 * of an open case go on. So which case a minute belongs to does not depend on when its calls arrive.
 */

/** The last minute that is settled; null while the case is open. */
export function settledThrough({ breach }: BreachCase): number | null {
  return breach.resolvedThrough === undefined ? null : minuteOf(breach.resolvedThrough);
}

export function answersFor(kept: BreachCase, minute: number): boolean {
  return minute > (kept.after ?? -Infinity) && minute <= (settledThrough(kept) ?? Infinity);
}

/**
 * The minute through which a case is settled by who resolves it now: the present one, or a later one of which calls were read
 * already. No judged minute lies behind it, so nothing that was told has to be taken apart.
 * @param newestMinute of the calls that may have been judged; null when there are none
 */
export function minuteToSettle(now: Date, newestMinute: number | null): number {
  return Math.max(minuteOf(now.toISOString()), newestMinute ?? -Infinity);
}

export function settle({ breach, peak, after }: BreachCase, minute: number, now: Date): BreachDecision {
  return {
    change: 'resolved',
    breach: {
      ...breach,
      version: breach.version + 1,
      state: 'resolved',
      resolvedThrough: minuteStart(minute),
      resolvedReason: 'manual',
    },
    peak,
    after,
    appendedAt: now.toISOString(),
  };
}

/**
 * Settles a case that is over, as the minutes up to the one that settles it make it: what was told may know of later ones.
 * @param made by these minutes
 */
export function clear(
  { breach, after }: BreachCase,
  made: Pick<BreachCase, 'breach' | 'peak'>,
  minute: number,
  appendedAt: string,
): BreachDecision {
  const { severity, policyVersion, observed, threshold, guidance, evidence } = made.breach;
  const retroactive = severity === breach.severity ? breach.retroactive : made.breach.retroactive;
  return {
    change: 'resolved',
    breach: {
      ...breach,
      ...{ severity, policyVersion, observed, threshold, guidance, evidence, retroactive },
      version: breach.version + 1,
      state: 'resolved',
      resolvedThrough: minuteStart(minute),
      resolvedReason: 'cleared',
    },
    peak: made.peak,
    after,
    appendedAt,
  };
}

/** Takes a resolution back. The minutes that follow it must be judged again, with the calls from before it. */
export function unsettle({ breach, peak, after }: BreachCase, now: Date): BreachDecision {
  const { resolvedThrough: _1, resolvedReason: _2, ...proof } = breach;
  return {
    change: 'reopened',
    breach: { ...proof, version: breach.version + 1, state: 'open' },
    peak,
    after,
    appendedAt: now.toISOString(),
  };
}

/** The minutes through which something was settled, by breach key. */
export type Settlements = ReadonlyMap<string, readonly number[]>;

/** The rows that count for a verdict on a minute: those after the last minute that was settled before it. */
export function unsettledRows<Row extends { readonly minute: number }>(
  rows: readonly Row[],
  minute: number,
  settled: readonly number[],
): readonly Row[] {
  if (settled.length === 0) return rows;
  const after = settled
    .filter((through) => through < minute)
    .reduce((last, next) => Math.max(last, next), -Infinity);
  return rows.filter((row) => row.minute > after);
}
