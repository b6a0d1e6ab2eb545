import {
  apiCallKey,
  topicOfType,
  validateEvent,
  type ApiCall,
  type CloudEvent,
  type SmsSent,
  type Topic,
} from '@taxameter/contracts';
import { MAX_RECORD_BYTES, untimeliness } from '@taxameter/platform';

/**
 * Decides which of the events of one request are taken and where each belongs. Pure: the caller stores what is taken.
 */

/** An event that is taken, with its place in the log. */
export interface AcceptedEvent {
  readonly topic: Topic;
  readonly key: string;
  /** The event as JSON, and how many bytes that is in UTF-8. */
  readonly json: string;
  readonly bytes: number;
}

/** Why an event of the request is not taken; `index` is its place in the batch, from 0. */
export interface RejectedEvent {
  readonly index: number;
  readonly field: string;
  readonly reason: string;
}

/** An event with the brackets of its batch must fit into a record: the log would refuse a larger one each time it is sent. */
const MAX_EVENT_BYTES = MAX_RECORD_BYTES - 2;

/** Types that the platform may send. Facts of our own rooms never enter by the door. */
const WELCOME = new Set(['dk.dinero.usage.api_call.v1', 'dk.dinero.usage.sms_sent.v1']);

export function acceptEvents(
  values: readonly unknown[],
  now: Date,
): { accepted: AcceptedEvent[]; rejected: RejectedEvent[] } {
  const accepted: AcceptedEvent[] = [];
  const rejected: RejectedEvent[] = [];
  for (const [index, value] of values.entries()) {
    const verdict = validateEvent(value);
    if (!verdict.ok) {
      rejected.push({ index, field: verdict.field, reason: verdict.detail });
      continue;
    }
    const { event } = verdict;
    const topic = topicOfType(event.type);
    if (!topic || !WELCOME.has(event.type)) {
      rejected.push({ index, field: 'type', reason: `${event.type} is not a type that the door takes` });
      continue;
    }
    const untimely = untimeliness(topic, new Date(event.time), now);
    // The readers of the log apply the same limits; here the sender can still do something about it.
    if (untimely) {
      rejected.push({ index, field: 'time', reason: untimely.detail });
      continue;
    }
    const json = jsonOf(event);
    const bytes = Buffer.byteLength(json ?? '');
    if (json === null) rejected.push({ index, field: '', reason: 'is nested too deeply' });
    else if (bytes > MAX_EVENT_BYTES)
      rejected.push({ index, field: '', reason: `is larger than ${MAX_EVENT_BYTES} bytes` });
    else accepted.push({ topic, key: keyOf(event), json, bytes });
  }
  return { accepted, rejected };
}

/** Null when the event is nested too deeply: JSON.parse reads any depth, JSON.stringify overflows at some 5,000 levels. */
function jsonOf(event: CloudEvent): string | null {
  try {
    return JSON.stringify(event);
  } catch {
    return null;
  }
}

function keyOf(event: CloudEvent): string {
  return event.type === 'dk.dinero.usage.sms_sent.v1'
    ? (event.data as SmsSent).messageId
    : apiCallKey(event.data as ApiCall);
}
