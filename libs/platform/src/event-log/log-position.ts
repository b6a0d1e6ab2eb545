/**
 * Where a room stands in a topic-partition. A topic that is made anew counts its offsets from 0 again: the generation says which
 * of the logs an offset is of, as a person decided it.
 */
export interface LogPosition {
  readonly generation: number;
  /** The offset that is read next. */
  readonly nextOffset: number;
}

/** Offsets that a generation may have: 2^40 leaves 8,192 generations below the largest number that is exact in JSON. */
export const OFFSETS_PER_GENERATION = 2 ** 40;

/**
 * What rooms are given as an offset: grows over all logs that a partition ever had, so that what they keep by offset is neither
 * taken twice nor falls behind. In the first log it is the offset itself.
 */
export function ascendingOffset(generation: number, offset: number): number {
  return generation * OFFSETS_PER_GENERATION + offset;
}

/** The same in SQL, of a row of `consumer_position`. */
export const ASCENDING_POSITION = `(log_generation::bigint * ${OFFSETS_PER_GENERATION} + next_offset)`;

/** What the log still has of a partition: records from `first` on, the next one gets `next`. */
export interface LogExtent {
  readonly first: number;
  readonly next: number;
}

export interface Gap {
  /** `lost`: retention was faster than the reader. `another_log`: made anew, cut short, or another Kafka. */
  readonly kind: 'lost' | 'another_log';
  readonly sentence: string;
}

/** Why reading cannot go on at an offset; null when it can. */
export function gapAt(nextOffset: number, { first, next }: LogExtent): Gap | null {
  if (nextOffset < first) {
    const sentence = `the database goes on at ${nextOffset} but the log begins at ${first}: records are lost`;
    return { kind: 'lost', sentence };
  }
  if (nextOffset <= next) return null;
  const sentence = `the database goes on at ${nextOffset} but the log ends at ${next}: the topic was made anew, or this is another Kafka`;
  return { kind: 'another_log', sentence };
}
