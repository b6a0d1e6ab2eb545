import { mendKafkajs } from '@taxameter/platform/testing';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { kafkaOf } from '../topic.js';

/**
 * Process: kafkajs with its endless timer mended, in a group, with nothing to read. Prints the CPU time that it takes, in ms a
 * second. Arguments: brokers, topics by comma, seconds.
 */

const [brokers, topics, seconds] = process.argv.slice(2) as [string, string, string];
mendKafkajs();
const consumer = kafkaOf(brokers).consumer({
  groupId: `idle-${randomBytes(4).toString('hex')}`,
  sessionTimeout: 6_000,
  heartbeatInterval: 1_000,
  minBytes: 16_384,
  maxWaitTimeInMs: 100,
});
await consumer.connect();
await consumer.subscribe({ topics: topics.split(','), fromBeginning: true });
const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
await consumer.run({ eachBatch: async () => undefined });
await joined;
await sleep(2_000);
const before = process.cpuUsage();
await sleep(Number(seconds) * 1000);
const { user, system } = process.cpuUsage(before);
process.stdout.write(JSON.stringify((user + system) / 1000 / Number(seconds)));
await consumer.disconnect();
