/** How fast something that cannot be seen from its beginning goes: from its first sign of progress to its end. */
export interface Sample {
  readonly atMs: number;
  readonly done: number;
}

/** Events a second between the first sample with progress and the first one at the end. @throws RangeError with fewer than two */
export function paceOf(samples: readonly Sample[], total: number): number {
  const first = samples.find(({ done }) => done > 0);
  const last = samples.find(({ done }) => done >= total);
  if (!first || !last || last.atMs <= first.atMs)
    throw new RangeError('it was over before it could be measured');
  return ((last.done - first.done) * 1000) / (last.atMs - first.atMs);
}

/** The middle value; of an even number the lower one of the two. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * One of the values: at least so large a share of the others is not above it.
 * @param share from 0 to 1
 * @throws RangeError without values
 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  const found = sorted[Math.floor((sorted.length - 1) * share)];
  if (found === undefined) throw new RangeError('there is no middle of nothing');
  return found;
}
