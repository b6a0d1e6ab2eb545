import type { Batch } from 'kafkajs';
import { createRequire } from 'node:module';

/**
 * What has to be changed inside kafkajs 2.2.4, which is frozen (its last release is of 2023), and the one thing that is read
 * there beside its types. The version is pinned; `kafkajs-mends.spec.ts` shows that each of these still bites.
 */

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(this: RequestQueue): void;
}

interface InnerBatch {
  readonly fetchedOffset: string;
  readonly rawMessages: readonly unknown[];
  readonly messages: readonly unknown[];
  isEmpty(): boolean;
}

const load = createRequire(import.meta.url);
const MENDED = Symbol.for('taxameter.kafkajs-mended');

/** Does nothing the second time. Call it before the first client is made. */
export function mendKafkajs(): void {
  const { prototype: queue } = load('kafkajs/src/network/requestQueue') as { prototype: RequestQueue };
  const { prototype: batch } = load('kafkajs/src/consumer/batch') as { prototype: InnerBatch };
  if (MENDED in queue) return;
  Object.defineProperty(queue, MENDED, { value: true });
  // K1: it sets itself a timer of a negative time for ever, some 1,700 a second for each connection that does nothing.
  const original = Object.getOwnPropertyDescriptor(queue, 'scheduleCheckPendingRequests')!.value as (
    this: RequestQueue,
  ) => void;
  queue.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0) original.call(this);
  };
  // K15: it steps over control records and aborted transactions by itself, and the position in the database would stay
  // behind. Such a batch is handed over too, with no messages.
  batch.isEmpty = function (this: InnerBatch) {
    return this.messages.length === 0 && this.rawMessages.length === 0;
  };
}

/** From where the batch was asked for: what lies between this and its first message is not in the log. */
export function fetchedOffsetOf(batch: Batch): number {
  return Number((batch as unknown as InnerBatch).fetchedOffset);
}
