import type { Limit } from './decide.js';

/**
 * Counts calls that throttles let through, by the minutes of UTC by which Taxameter counts as well: what is let through in a
 * counted minute is never above the limit. Everything is forgotten with the minute, so memory is bounded by the pairs that
 * are throttled, and by `MAX_KEYS`.
 */

const MINUTE_MS = 60_000;
/** Beyond it calls pass uncounted: to refuse them would punish those who did nothing. */
const MAX_KEYS = 100_000;

/** What a throttle has left in this minute, for headers. */
export interface Allowance {
  readonly limit: Limit;
  readonly quota: number;
  readonly left: number;
}

export interface Taken {
  readonly isLetThrough: boolean;
  readonly allowances: readonly Allowance[];
  /** Whole seconds until the next minute, at least 1. */
  readonly secondsLeft: number;
}

export class MinuteBuckets {
  private minute = Number.NEGATIVE_INFINITY;
  private counts = new Map<string, number>();

  /** @param share of each limit that is this process's own, where several serve the API */
  constructor(private readonly share = 1) {}

  /** Takes one call from every limit, or from none when one of them is used up. */
  take(limits: readonly Limit[], nowMs: number): Taken {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute !== this.minute) {
      this.minute = minute;
      this.counts = new Map();
    }
    const secondsLeft = Math.max(1, Math.ceil(((minute + 1) * MINUTE_MS - nowMs) / 1000));
    const found = limits.map((limit) => ({
      limit,
      quota: Math.max(1, Math.floor(limit.limitPerMinute * this.share)),
      used: this.counts.get(limit.key) ?? 0,
    }));
    const isLetThrough = found.every(({ quota, used }) => used < quota);
    const allowances = found.map(({ limit, quota, used }) => {
      const now = isLetThrough ? used + 1 : used;
      if (isLetThrough && (used > 0 || this.counts.size < MAX_KEYS)) this.counts.set(limit.key, now);
      return { limit, quota, left: Math.max(0, quota - now) };
    });
    return { isLetThrough, allowances, secondsLeft };
  }
}
