import { randomBytes } from 'node:crypto';
import type { Sample } from '../pace.js';
import { kafkaOf } from '../topic.js';

/** Process: reads a topic by kafkajs's `eachBatch`, counts, and prints its samples as JSON. Arguments: brokers, topic, records. */

const [brokers, topic, total] = process.argv.slice(2) as [string, string, string];
const consumer = kafkaOf(brokers).consumer({
  groupId: `count-${randomBytes(4).toString('hex')}`,
  maxWaitTimeInMs: 100,
  minBytes: 16_384,
});
const samples: Sample[] = [];
let done = 0;
await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
await new Promise<void>((resolve, reject) => {
  consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
  consumer
    .run({
      autoCommit: false,
      partitionsConsumedConcurrently: 2,
      eachBatch: async ({ batch }) => {
        done += batch.messages.length;
        samples.push({ atMs: performance.now(), done });
        if (done >= Number(total)) resolve();
      },
    })
    .catch(reject);
});
process.stdout.write(JSON.stringify(samples));
await consumer.disconnect();
