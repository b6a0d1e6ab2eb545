import { BATCH_CONTENT_TYPE, MAX_RECORD_BYTES, partitionForKey, type NewRecord } from '@taxameter/platform';
import type { AcceptedEvent } from './accept-events.js';

/**
 * Packs events into as few records as the limit allows, one partition each: a record that holds a batch of CloudEvents is
 * five times cheaper than a record an event. Order inside a partition is the order of the request.
 */
export function packRecords(
  accepted: readonly AcceptedEvent[],
  maxRecordBytes = MAX_RECORD_BYTES,
): NewRecord[] {
  const groups = new Map<string, Pack[]>();
  const encoder = new TextEncoder();
  for (const { topic, key, json, bytes } of accepted) {
    const partition = partitionForKey(key, topic.partitions);
    const name = `${topic.name} ${partition}`;
    const packs = groups.get(name) ?? [];
    groups.set(name, packs);
    const open = packs.at(-1);
    if (open && open.bytes + bytes + 1 <= maxRecordBytes) {
      open.events.push(json);
      open.bytes += bytes + 1;
    } else {
      packs.push({ topic: topic.name, partition, key, events: [json], bytes: bytes + 2 });
    }
  }
  return [...groups.values()].flat().map(({ topic, partition, key, events }) => ({
    topic,
    partition,
    key,
    headers: { 'content-type': BATCH_CONTENT_TYPE },
    value: encoder.encode(`[${events.join(',')}]`),
  }));
}

interface Pack {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly events: string[];
  /** Length of the record: brackets, commas and events. */
  bytes: number;
}
