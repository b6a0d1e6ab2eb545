import type { CloudEvent } from '@taxameter/contracts';
import type { EntityManager } from 'typeorm';
import type { ReceivedEvent } from './decode-record.js';

/**
 * What a handler is given: the new, valid events of one topic-partition in order, with an open transaction. What it writes
 * through `tx`, the position, the identities and the accounting row commit together or not at all. A handler may be called
 * again with the same events (after a failure); it must have no effect outside `tx`.
 */
export interface EventBatch<Event extends CloudEvent = CloudEvent> {
  readonly topic: string;
  readonly partition: number;
  /**
   * First offset of the batch, and the offset after its last record; in a replay, the room's position. They and the offsets of
   * `events` grow also where a topic was made anew: see `ascendingOffset`.
   */
  readonly fromOffset: number;
  readonly toOffset: number;
  readonly events: readonly ReceivedEvent<Event>[];
  readonly tx: EntityManager;
  /** A person has asked for this event out of quarantine: what a rule of prudence held back may pass now. */
  readonly isReplay?: true;
  /** Bad by a rule of the domain: quarantined with reason and bytes, and not counted. */
  quarantine(received: ReceivedEvent, reason: string, detail: string): void;
}

/** What reads a topic for a room. One per (room, topic). */
export interface Subscription {
  readonly room: string;
  readonly topic: string;
  /** Event types that the room wants; others of the topic are accounted as ignored. Empty: all. */
  readonly types: readonly string[];
  /** Also a call that is known with another body is quarantined, and no duplicate (`COMPARE_CALL_BODIES`). An SMS always is. */
  readonly comparesBodies?: boolean;
  readonly handle: (batch: EventBatch) => Promise<void>;
}
