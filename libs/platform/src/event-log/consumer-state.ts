import type { Gap } from './log-position.js';

/** What a consumer of a topic-partition is doing; shown in health. */
export type ConsumerState = 'joining' | 'running' | 'retrying' | 'gap' | 'stopped';

export interface PartitionStatus {
  readonly room: string;
  readonly topic: string;
  readonly partition: number;
  state: ConsumerState;
  /** Why it is retrying or stopped; null while all is well. */
  reason: string | null;
  /** In state `gap`: as it was found. The log may have grown past the position since. */
  gap: Gap['kind'] | null;
  /** Which log of this partition is read: see `LogPosition`. */
  generation: number;
  nextOffset: number;
  /** The log's end as last seen. */
  logEnd: number;
  /** When the log took the record at `nextOffset`; null when it was not fetched yet, or the transport can be asked at any time. */
  nextAppendedAt: Date | null;
}

/** Where a room goes on reading a topic-partition. */
export interface PartitionPosition {
  readonly room: string;
  readonly topic: string;
  readonly partition: number;
  readonly nextOffset: number;
}
