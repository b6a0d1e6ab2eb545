import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS } from '@taxameter/contracts';
import { partitionForKey, STRUCTURED_CONTENT_TYPE } from '@taxameter/platform';
import type { Message } from 'kafkajs';
import { kafkaOf, producerOf } from '../topic.js';
import { generate, type GeneratedEvent, type Workload } from '../workload.js';
import type { LoadMessage } from './load-process.js';

/**
 * Process: writes a workload at a steady rate, until its parent disconnects. Arguments: brokers, topic, events a second, workload as
 * JSON. Tells its parent when it began and each minute of event time that the log is past in every partition.
 */

const TICK_MS = 20;
const MINUTE_MS = 60_000;
const { partitions } = TOPICS.apiCalls;

const [brokers, topic, rate, workloadText] = process.argv.slice(2) as [string, string, string, string];
const workload = JSON.parse(workloadText) as Workload;
const producer = producerOf(kafkaOf(brokers));
await producer.connect();
const events = generate(workload);
const newestMs = new Array<number>(partitions).fill(0);
let [passed, sent] = [Math.floor(workload.startMs / MINUTE_MS), 0];
const nowMs = () => performance.timeOrigin + performance.now();
/** A parent that has just left hears nothing any more. */
const tell = (message: LoadMessage) =>
  process.connected && process.send!(message, undefined, undefined, () => undefined);

async function send(partition: number, messages: Message[], newest: number): Promise<void> {
  await producer.send({ topic, acks: -1, messages });
  newestMs[partition] = Math.max(newestMs[partition]!, newest);
  const minute = Math.floor(Math.min(...newestMs) / MINUTE_MS);
  if (minute <= passed) return;
  passed = minute;
  tell({ kind: 'passed', minute, atMs: nowMs(), sent });
}

const beganMs = nowMs();
tell({ kind: 'began', atMs: beganMs });
const gone = once(process, 'disconnect').then(() => 'gone' as const);
const underWay = new Set<Promise<void>>();
for (;;) {
  const due = Math.floor(((nowMs() - beganMs) * Number(rate)) / 1000) - sent;
  const waiting = Array.from({ length: partitions }, () => ({ messages: [] as Message[], newest: 0 }));
  for (let count = 0; count < due; count += 1, sent += 1) {
    const next = events.next() as IteratorResult<GeneratedEvent, void>;
    if (next.done) throw new Error('the workload ended before the measurement');
    const event = next.value;
    const partition = partitionForKey(event.key, partitions);
    const headers = { 'content-type': STRUCTURED_CONTENT_TYPE };
    waiting[partition]!.messages.push({ partition, key: event.key, value: event.json, headers });
    waiting[partition]!.newest = Date.parse(event.time);
  }
  for (const [partition, { messages, newest }] of waiting.entries()) {
    if (messages.length === 0) continue;
    const sending = send(partition, messages, newest).finally(() => underWay.delete(sending));
    underWay.add(sending);
  }
  if ((await Promise.race([sleep(TICK_MS), gone])) === 'gone') break;
}
await Promise.allSettled(underWay);
await producer.disconnect();
