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
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined) throw new RangeError('there is no median of nothing');
  return middle;
}
