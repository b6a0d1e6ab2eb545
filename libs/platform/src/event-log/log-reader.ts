import type { LogExtent } from './log-position.js';
import type { StoredRecord } from './record.js';

/** A stretch of one topic-partition, half-open: [fromOffset, toOffset). */
export interface LogStretch {
  readonly topic: string;
  readonly partition: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

/** Reads the log again, on any transport, without being a reader of it. */
export interface LogReader {
  /** What the log still has of a partition. */
  extentOf(topic: string, partition: number): Promise<LogExtent>;
  /**
   * Hands over the records of a stretch in order, some at a time, and reads no further until `each` has dealt with them. One
   * stretch at a time.
   * @throws EventLogError or the driver's error when the log does not answer, or has lost a part of the stretch meanwhile
   */
  read(stretch: LogStretch, each: (records: readonly StoredRecord[]) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}
