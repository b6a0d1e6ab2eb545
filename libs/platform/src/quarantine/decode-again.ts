import type { Topic } from '@taxameter/contracts';
import { decodeRecord, type ReceivedEvent, type RefusedEvent } from '../event-log/decode-record.js';
import { BATCH_CONTENT_TYPE, STRUCTURED_CONTENT_TYPE } from '../event-log/record.js';
import type { ItemPosition } from './quarantine-routes.js';

/** What the quarantine keeps of an event, as far as reading it again needs it. */
export interface KeptEvent extends ItemPosition {
  readonly reason: string;
  readonly bytes: Uint8Array;
  readonly key: string | null;
  readonly appendedAt: Date;
}

/**
 * Reads a quarantined event as its record was read, by the rules of today and the clock of then: its position and
 * `appendedAt` are the first ones.
 */
export function decodeAgain(topic: Topic, kept: KeptEvent): ReceivedEvent | RefusedEvent {
  const { partition, offset, index, key, appendedAt, bytes } = kept;
  // The bytes are one event, except where the record said that it is a batch and was none.
  const contentType = kept.reason === 'not_a_batch' ? BATCH_CONTENT_TYPE : STRUCTURED_CONTENT_TYPE;
  const headers = { 'content-type': contentType };
  const { received, refused } = decodeRecord(topic, {
    ...{ topic: topic.name, partition, offset, key, headers },
    ...{ value: bytes, appendedAt },
  });
  const position = { topic: topic.name, partition, offset, index };
  return { ...[...received, ...refused][0]!, position };
}

const ADVICE: Readonly<Record<string, string>> = {
  too_late: 'a replay judges by the time at which the log took it, so it will never count: discard it',
  in_the_future: 'a replay judges by the time at which the log took it, so it will never count: discard it',
  conflicting_duplicate:
    'the first body under this identity counts, and a replay never counts another: discard it, and settle the difference with the sender',
  not_json: 'the bytes cannot change: let the sender send it again, and discard it',
};

/** Why the event is still bad, and what can be done, in one sentence. */
export function withAdvice(reason: string, detail: string): string {
  const advice = ADVICE[reason];
  return advice === undefined ? detail : `${detail}; ${advice}`;
}
