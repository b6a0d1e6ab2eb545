import { bytesOf, type ReceivedEvent, type RefusedEvent } from './decode-record.js';

/** An event that was read well and yet is not counted, as the quarantine keeps it. */
export function refusalOf(received: ReceivedEvent, reason: string, detail: string): RefusedEvent {
  const { position, appendedAt, event, key } = received;
  return { position, appendedAt, reason, field: '', detail, bytes: bytesOf(event), key };
}

export function conflictOf(received: ReceivedEvent): RefusedEvent {
  const detail = 'was seen before with another body; the first one counts';
  return refusalOf(received, 'conflicting_duplicate', detail);
}

/** Why the database refused an event, in its own words, at most 500 characters. */
export function sentenceOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return `${code ?? 'error'}: ${message ?? 'unknown'}`.slice(0, 500);
}
