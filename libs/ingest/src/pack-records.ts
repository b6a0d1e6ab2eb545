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
  const groups = new Map<
    string,
    { topic: string; partition: number; key: string; texts: string[]; bytes: number }[]
  >();
  const encoder = new TextEncoder();
  for (const { topic, key, event } of accepted) {
    const partition = partitionForKey(key, topic.partitions);
    const text = JSON.stringify(event);
    const bytes = encoder.encode(text).length + 1;
    const name = `${topic.name} ${partition}`;
    const packs = groups.get(name) ?? [];
    groups.set(name, packs);
    const open = packs.at(-1);
    if (open && open.bytes + bytes <= maxRecordBytes) {
      open.texts.push(text);
      open.bytes += bytes;
    } else {
      packs.push({ topic: topic.name, partition, key, texts: [text], bytes: bytes + 2 });
    }
  }
  return [...groups.values()].flat().map(({ topic, partition, key, texts }) => ({
    topic,
    partition,
    key,
    headers: { 'content-type': BATCH_CONTENT_TYPE },
    value: encoder.encode(`[${texts.join(',')}]`),
  }));
}
