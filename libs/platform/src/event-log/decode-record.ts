import { FUTURE_TOLERANCE_MS, validateEvent, type CloudEvent, type Topic } from '@taxameter/contracts';
import type { EventPosition, StoredRecord } from './record.js';

/**
 * From the bytes of a record to its events: CloudEvents in binary, structured or batch mode (Kafka protocol binding 1.0),
 * each checked against its schema and against the log's clock. Bad input is a value here, never an exception.
 */

/** An event that passed its schema. */
export interface ReceivedEvent<Event extends CloudEvent = CloudEvent> {
  readonly position: EventPosition;
  readonly event: Event;
  /** Event time as an instant. */
  readonly time: Date;
  readonly appendedAt: Date;
  /** The record's key: the identity of a fact. */
  readonly key: string | null;
}

export interface RefusedEvent {
  readonly position: EventPosition;
  readonly appendedAt: Date;
  readonly reason: string;
  readonly field: string;
  readonly detail: string;
  /** The one event as JSON, whatever mode it came in; the whole record where no event could be told from it. */
  readonly bytes: Uint8Array;
  /** The record's key: the identity of a fact. */
  readonly key: string | null;
}

export interface DecodedRecord {
  readonly received: readonly ReceivedEvent[];
  readonly refused: readonly RefusedEvent[];
  /** 1 for a tombstone, which is no event but was read. */
  readonly tombstones: number;
}

const decoder = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

export function decodeRecord(topic: Topic, record: StoredRecord): DecodedRecord {
  if (record.value === null) return { received: [], refused: [], tombstones: 1 };
  const contentType = (record.headers['content-type'] ?? '').toLowerCase();
  const parsed = parse(record.value);
  if (!parsed.ok) return one(refuse(record, 0, record.value, 'not_json', '', parsed.detail));
  if (contentType.startsWith('application/cloudevents-batch')) {
    if (!Array.isArray(parsed.value)) {
      return one(refuse(record, 0, record.value, 'not_a_batch', '', 'is not a JSON array of events'));
    }
    return collect(parsed.value.map((value, index) => check(topic, record, index, value)));
  }
  if (contentType.startsWith('application/cloudevents')) {
    return collect([check(topic, record, 0, parsed.value, record.value)]);
  }
  // Without the original: its bytes are the data alone, and the attributes would be lost to a replay.
  return collect([check(topic, record, 0, fromBinaryMode(record.headers, parsed.value))]);
}

/** Binary mode: attributes are headers `ce_…`, the value is the data. */
function fromBinaryMode(headers: Readonly<Record<string, string>>, data: unknown): Record<string, unknown> {
  const event: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('ce_')) event[name.slice(3)] = value;
  }
  return { ...event, data };
}

function check(
  topic: Topic,
  record: StoredRecord,
  index: number,
  value: unknown,
  original?: Uint8Array,
): ReceivedEvent | RefusedEvent {
  const bytes = () => original ?? bytesOf(value, record.value);
  const verdict = validateEvent(value);
  if (!verdict.ok) return refuse(record, index, bytes(), verdict.reason, verdict.field, verdict.detail);
  const { event } = verdict;
  if (!topic.types.some((known) => known.type === event.type)) {
    return refuse(
      record,
      index,
      bytes(),
      'wrong_topic',
      'type',
      `${event.type} does not belong on ${topic.name}`,
    );
  }
  const time = new Date(event.time);
  const untimely = untimeliness(topic, time, record.appendedAt);
  if (untimely) return refuse(record, index, bytes(), untimely.reason, 'time', untimely.detail);
  return { position: positionOf(record, index), event, time, appendedAt: record.appendedAt, key: record.key };
}

/**
 * An event as bytes for the quarantine. JSON.parse reads any depth, JSON.stringify overflows the stack at some 5,000 levels:
 * then `instead` is kept, because bad input must not stop a partition.
 */
export function bytesOf(event: unknown, instead: Uint8Array | null = null): Uint8Array {
  try {
    return encoder.encode(JSON.stringify(event));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return instead ?? encoder.encode('"nested too deeply to be written"');
  }
}

/** Too late or in the future, judged by (event time, append time) and never by now, so that a replay gives the same answer. */
export function untimeliness(
  topic: Topic,
  time: Date,
  appendedAt: Date,
): { reason: 'too_late' | 'in_the_future'; detail: string } | null {
  const aheadMs = time.getTime() - appendedAt.getTime();
  if (topic.latestAfterMs !== null && -aheadMs > topic.latestAfterMs) {
    const days = topic.latestAfterMs / 86_400_000;
    return {
      reason: 'too_late',
      detail: `lies more than ${days} days before it arrived at ${appendedAt.toISOString()}`,
    };
  }
  if (aheadMs > FUTURE_TOLERANCE_MS) {
    const minutes = FUTURE_TOLERANCE_MS / 60_000;
    return {
      reason: 'in_the_future',
      detail: `lies more than ${minutes} minutes after it arrived at ${appendedAt.toISOString()}`,
    };
  }
  return null;
}

function parse(bytes: Uint8Array): { ok: true; value: unknown } | { ok: false; detail: string } {
  try {
    return { ok: true, value: JSON.parse(decoder.decode(bytes)) };
  } catch (error) {
    return { ok: false, detail: error instanceof SyntaxError ? 'is not JSON' : 'is not UTF-8' };
  }
}

function refuse(
  record: StoredRecord,
  index: number,
  bytes: Uint8Array,
  reason: string,
  field: string,
  detail: string,
): RefusedEvent {
  const { appendedAt, key } = record;
  return { position: positionOf(record, index), appendedAt, reason, field, detail, bytes, key };
}

function positionOf(record: StoredRecord, index: number): EventPosition {
  return { topic: record.topic, partition: record.partition, offset: record.offset, index };
}

function one(refused: RefusedEvent): DecodedRecord {
  return { received: [], refused: [refused], tombstones: 0 };
}

function collect(checked: readonly (ReceivedEvent | RefusedEvent)[]): DecodedRecord {
  const received: ReceivedEvent[] = [];
  const refused: RefusedEvent[] = [];
  for (const result of checked) {
    if ('event' in result) received.push(result);
    else refused.push(result);
  }
  return { received, refused, tombstones: 0 };
}
