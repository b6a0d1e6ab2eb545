/** What travels in the event log, on every transport. */

/** A record about to be written. The producer chose the partition (`partitionForKey`). */
export interface NewRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** null is a tombstone. */
  readonly value: Uint8Array | null;
}

/** A record as read back. Offsets of one topic-partition grow; `appendedAt` is the log's own time, never the producer's. */
export interface StoredRecord extends NewRecord {
  readonly offset: number;
  readonly appendedAt: Date;
}

/** Where an event stands: a bad one is known by these four. `index` counts the events inside one record from 0. */
export interface EventPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly index: number;
}

/** The writing side of the log. Resolves when every record is stored durably; on an error nothing or everything may be stored. */
export interface EventLogProducer {
  append(records: readonly NewRecord[]): Promise<void>;
}

export const EVENT_LOG_PRODUCER = Symbol('EVENT_LOG_PRODUCER');

export const BATCH_CONTENT_TYPE = 'application/cloudevents-batch+json';
export const STRUCTURED_CONTENT_TYPE = 'application/cloudevents+json';

/** One record may hold this many bytes of events: Kafka's default limit is 1 MiB with headers. */
export const MAX_RECORD_BYTES = 900_000;
