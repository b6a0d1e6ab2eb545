/**
 * How long calls took, as counts in buckets that add up: half an octave each, so that a percentile is known within a factor of √2
 * (1.41) whatever order calls were counted in. An exact one would need every call.
 */

/** Bucket b holds calls of at most 2^(b/2) ms that are in no lower one; the last one, from about 12 minutes on, has no upper end. */
export const DURATION_BUCKETS = 41;

/** @param durationMs a whole number, 0 or more */
export function bucketOf(durationMs: number): number {
  if (durationMs <= 1) return 0;
  return Math.min(DURATION_BUCKETS - 1, Math.ceil(2 * Math.log2(durationMs)));
}

/**
 * Such a share of the calls took this long at most, in ms: the upper end of the bucket in which that call lies. Null: there were none.
 * @param counts by bucket
 * @param share above 0, at most 1
 */
export function percentileMs(counts: readonly number[], share: number): number | null {
  const calls = counts.reduce((sum, count) => sum + count, 0);
  if (calls === 0) return null;
  let below = 0;
  const bucket = counts.findIndex((count) => (below += count) >= share * calls);
  return Math.floor(2 ** (bucket / 2));
}
