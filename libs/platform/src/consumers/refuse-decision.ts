import type { Topic } from '@taxameter/contracts';
import {
  gapAt,
  OFFSETS_PER_GENERATION,
  type Gap,
  type LogExtent,
  type LogPosition,
} from '../event-log/log-position.js';

/** Judges whether a partition may go on elsewhere, as a person wants it to. */

export interface WantedDecision {
  readonly kind: 'skip-lost' | 'new-log';
  readonly partition: number;
  readonly continueAt: number;
}

export interface DecisionGround {
  readonly topic: Topic;
  /** What the log has now, by partition. */
  readonly extents: ReadonlyMap<number, LogExtent>;
  readonly position: LogPosition;
  /** The gap in which the reader of this process stands at this position, which the log may have grown over since. */
  readonly gapOfReader: Gap['kind'] | null;
}

export interface Refusal {
  readonly code: string;
  /** What is wrong and what to do, for a person. */
  readonly sentence: string;
}

/** null when the decision may be taken. */
export function refuseDecision(
  { kind, partition, continueAt }: WantedDecision,
  { topic, extents, position, gapOfReader }: DecisionGround,
): Refusal | null {
  const name = `${topic.name} ${partition}`;
  if (topic.identity === 'message-id' && extents.size !== topic.partitions) {
    const sentence =
      `${topic.name} has ${extents.size} partitions, agreed are ${topic.partitions}: equal message ids would meet on another one, ` +
      'so no decision lets it go on; see "taxameter topics check"';
    return { code: 'partitions-differ', sentence };
  }
  const extent = extents.get(partition);
  if (!extent) return { code: 'partition-not-there', sentence: `the log has no partition ${name}` };
  const { first, next } = extent;
  const gap = gapAt(position.nextOffset, extent)?.kind ?? gapOfReader;
  if (gap === null) {
    const sentence = `${name} goes on at ${position.nextOffset} and the log has ${first} to ${next}: it stands in no gap, and nothing is to be decided`;
    return { code: 'no-gap', sentence };
  }
  if (kind === 'skip-lost' && gap === 'another_log') {
    const sentence = `${name} stands at ${position.nextOffset}, beyond what the log had: its offsets are of another log, decide new-log`;
    return { code: 'another-log', sentence };
  }
  if (continueAt < first || continueAt > next) {
    const sentence = `the log has ${first} to ${next} of ${name} now, and ${continueAt} is not among them: continue at ${first} to lose nothing more`;
    return { code: 'not-in-log', sentence };
  }
  if (kind === 'skip-lost' && continueAt <= position.nextOffset) {
    const sentence = `${name} stands at ${position.nextOffset} already: what is skipped lies before continueAt`;
    return { code: 'not-in-log', sentence };
  }
  if (kind === 'new-log' && position.nextOffset >= OFFSETS_PER_GENERATION) {
    return { code: 'too-far', sentence: `${name} has more offsets than a generation may have` };
  }
  return null;
}
