import { apiCallKey, TOPICS } from '@taxameter/contracts';
import { sampleApiCall } from '@taxameter/contracts/testing';
import { createTopics, partitionForKey } from '@taxameter/platform';
import { describeWithKafka } from '@taxameter/platform/testing';
import { Kafka, logLevel, type KafkaMessage } from 'kafkajs';
import { HANDS, MODES, type Hand, type Line, type Mode, type Target } from './by-other-hands/tools.js';

/** Events that no code of ours wrote: what kcat and a Python client put into Kafka has the documented form. */

const CALLS = 5;

/** Calls of five agreements, so that they meet several partitions; Danish letters, so that somebody's encoding shows. */
function callsOf(prefix: string): Line[] {
  return Array.from({ length: CALLS }, (_, index) => {
    const event = sampleApiCall(`${prefix}-${index}`, '2026-10-05T07:59:00.123Z', {
      organizationId: String(index),
      route: '/v1/{organizationId}/kreditnotaer/æøå',
    });
    return { key: apiCallKey(event.data), event };
  });
}

interface Read {
  readonly partition: number;
  readonly message: KafkaMessage;
}

/** Every record of the topic, once there are `count`. */
async function readBack({ brokers, topic }: Target, count: number): Promise<Read[]> {
  const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `read-${topic}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const read: Read[] = [];
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachMessage: async ({ partition, message }) => {
          read.push({ partition, message });
          if (read.length === count) resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return read;
}

const headersOf = ({ headers = {} }: KafkaMessage) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
const jsonOf = ({ value }: KafkaMessage): unknown => JSON.parse(String(value));

/** The events as the standard says that they must be read, whatever wrote them. */
function eventsOf(mode: Mode, reads: readonly Read[]): { partition: number; event: unknown }[] {
  return reads.flatMap(({ partition, message }) => {
    const headers = headersOf(message);
    if (mode === 'batch') {
      expect(headers['content-type']).toMatch(/^application\/cloudevents-batch\+json/);
      return (jsonOf(message) as unknown[]).map((event) => ({ partition, event }));
    }
    if (mode === 'structured') {
      expect(headers['content-type']).toMatch(/^application\/cloudevents\+json/);
      return [{ partition, event: jsonOf(message) }];
    }
    expect(headers['content-type']).toBe('application/json');
    const attributes = Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('ce_') ? [[name.slice(3), value]] : [],
    );
    return [{ partition, event: { ...Object.fromEntries(attributes), data: jsonOf(message) } }];
  });
}

describeWithKafka('what other hands write into Kafka', (brokers) => {
  const usable = (hand: Hand) => {
    if (hand.missing !== undefined) process.stderr.write(`SKIPPED, ${hand.name}: ${hand.missing}\n`);
    return hand.missing === undefined ? it : it.skip;
  };

  for (const hand of HANDS) {
    for (const mode of MODES) {
      usable(hand)(
        `by ${hand.name} in ${mode} mode is the event, on the partition that our own producers choose`,
        async () => {
          const prefix = `hands-${process.pid}-${hand.name.replaceAll(' ', '-')}-${mode}.`;
          await createTopics({ brokers: brokers().split(','), prefix });
          const { name, partitions } = TOPICS.apiCalls;
          const target = { brokers: brokers(), topic: prefix + name, partitions };
          const lines = callsOf(mode);
          await hand.write(target, mode, lines);
          const groups = new Set(lines.map(({ key }) => partitionForKey(key, partitions)));
          const reads = await readBack(target, mode === 'batch' ? groups.size : lines.length);
          const wanted = lines.map(({ key, event }) => ({
            partition: partitionForKey(key, partitions),
            event,
          }));
          const byId = (left: { event: unknown }, right: { event: unknown }) =>
            (left.event as { id: string }).id < (right.event as { id: string }).id ? -1 : 1;
          expect(groups.size).toBeGreaterThan(1);
          expect(eventsOf(mode, reads).sort(byId)).toEqual(wanted.sort(byId));
        },
        60_000,
      );
    }
  }
});
