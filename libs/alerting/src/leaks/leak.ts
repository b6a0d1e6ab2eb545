/** Decides when a block begins to leak and when that is over, from what fair-use observed of it. */
import type { RestrictionObserved, Severity } from '@taxameter/contracts';

/** A leak is a fault of the platform: whoever answers for it is told, whatever the integration did. */
export const LEAK_SEVERITY: Severity = 'error';

/**
 * So long by event time no call may have been let through, while others were refused, before a block is called tight again.
 * Gateways that take turns at refusing and letting through are one leak, not one for each call.
 */
export const TIGHT_AFTER_MS = 10 * 60_000;

/** Why a leak is over: the block refuses again, or it does not hold any more (it was lifted or has expired). */
export const RESOLUTIONS = ['tight', 'ended'] as const;
export type Resolution = (typeof RESOLUTIONS)[number];

/** One leak of a block, from the first call let through until it is over. */
export interface Leak {
  /** Counts the leaks of a block, from 1. */
  readonly episode: number;
  readonly state: 'open' | 'resolved';
  /** null while it is open. */
  readonly resolution: Resolution | null;
  /** The newest observation that says something of it, with the sums of the block and not of the episode. */
  readonly observed: RestrictionObserved;
}

export interface Judgement {
  readonly leak: Leak;
  /** What subscribers are told; null: only the figures are new. */
  readonly news: 'opened' | 'resolved' | null;
}

/**
 * What an observation makes of the newest leak of its block (null: none so far); null when it says nothing new. A leak that is
 * found after its block has ended is kept as resolved and is no news: there is no block left to hold.
 */
export function judgeLeak(known: Leak | null, observed: RestrictionObserved, now: Date): Judgement | null {
  if (known !== null && observed.version <= known.observed.version) return null;
  const hasGrown = observed.letThrough > (known?.observed.letThrough ?? 0);
  const isOver = hasEnded(observed, now);
  if (known?.state === 'open') {
    if (isOver) return resolve({ ...known, observed }, 'ended');
    if (!hasGrown && refusesAgain(known.observed, observed)) return resolve({ ...known, observed }, 'tight');
    return { leak: { ...known, observed }, news: null };
  }
  if (!hasGrown) return null;
  if (isOver) {
    const episode = known?.episode ?? 1;
    return { leak: { episode, state: 'resolved', resolution: 'ended', observed }, news: null };
  }
  const episode = (known?.episode ?? 0) + 1;
  return { leak: { episode, state: 'open', resolution: null, observed }, news: 'opened' };
}

/** An open leak whose block has ended. No observation need tell of that: a block expires by itself. */
export function endLeak(leak: Leak): Judgement {
  return resolve(leak, 'ended');
}

function resolve(leak: Leak, resolution: Resolution): Judgement {
  return { leak: { ...leak, state: 'resolved', resolution }, news: 'resolved' };
}

function hasEnded({ until }: RestrictionObserved, now: Date): boolean {
  return until !== null && Date.parse(until) <= now.getTime();
}

/** Silence proves nothing: calls must have been refused since the last observation, and long enough after the last leak. */
function refusesAgain(before: RestrictionObserved, after: RestrictionObserved): boolean {
  if (after.lastCallAt === null || after.lastLetThroughAt === null) return false;
  const quietMs = Date.parse(after.lastCallAt) - Date.parse(after.lastLetThroughAt);
  return after.refused > before.refused && quietMs >= TIGHT_AFTER_MS;
}
