import { apiCallKey, TOPICS } from '@taxameter/contracts';
import { sampleApiCall, sampleSms } from '@taxameter/contracts/testing';
import { createTopics, partitionForKey } from '@taxameter/platform';
import { describeWithKafka, startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { ALL_ROOMS } from '@taxameter/server';
import { Kafka, logLevel, type KafkaMessage } from 'kafkajs';
import {
  HANDS,
  kcat,
  MODES,
  RUBBISH_PARTITION,
  writeRubbish,
  type Hand,
  type Line,
  type Mode,
  type Target,
} from './by-other-hands/tools.js';

/** Events that no code of ours wrote: what kcat and a Python client put into Kafka has the documented form, and is counted. */

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

function usable(hand: Hand): jest.It {
  if (hand.missing !== undefined) process.stderr.write(`SKIPPED, ${hand.name}: ${hand.missing}\n`);
  return hand.missing === undefined ? it : it.skip;
}

describeWithKafka('what other hands write into Kafka', (brokers) => {
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

interface Account {
  readonly room: string;
  readonly topic: string;
  readonly read: number;
  readonly counted: number;
  readonly duplicate: number;
  readonly quarantined: number;
  readonly ignored: number;
}

describeWithKafka('the system, fed by other hands', (brokers) => {
  // The broker's own clock decides lateness, so these events are of today.
  const now = new Date();
  const time = new Date(now.getTime() - 60_000).toISOString();
  const prefix = `counted-by-hand-${process.pid}.`;
  const on = (topic: { name: string; partitions: number }): Target => ({
    brokers: brokers(),
    topic: prefix + topic.name,
    partitions: topic.partitions,
  });
  const hands = HANDS.filter(({ missing }) => missing === undefined);
  const runs = hands.flatMap((hand) => MODES.map((mode) => ({ hand, mode, name: `${hand.name} ${mode}` })));
  let rooms: TestRooms;

  beforeAll(async () => {
    await createTopics({ brokers: brokers().split(','), prefix });
    rooms = await startTestRooms(ALL_ROOMS, {
      now: now.toISOString(),
      settings: { KAFKA_BROKERS: brokers(), TOPIC_PREFIX: prefix },
    });
  }, 60_000);
  afterAll(() => rooms?.stop());

  const accountOf = async (room: string, topic: string) => {
    const { body } = await rooms.call('ops', 'GET', '/v1/accounting');
    const sum = { read: 0, counted: 0, duplicate: 0, quarantined: 0, ignored: 0 };
    for (const partition of body.partitions as Account[]) {
      if (partition.room !== room || partition.topic !== topic) continue;
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += partition[name];
    }
    return sum;
  };

  it('counts each event once, whoever wrote it in whichever mode, and no copy of it twice', async () => {
    for (const { hand, mode, name } of runs) {
      const calls = ['copied by all', ...Array.from({ length: 4 }, (_, index) => `${name} ${index}`)];
      await hand.write(
        on(TOPICS.apiCalls),
        mode,
        calls.map((id) => ({ key: 'isv_a|1', event: sampleApiCall(id, time) })),
      );
      const messages = ['copied-by-all', `${name}-0`, `${name}-1`].map((id) => id.replaceAll(' ', '-'));
      await hand.write(
        on(TOPICS.smsSent),
        mode,
        messages.map((id) => ({ key: id, event: sampleSms(id, time) })),
      );
    }
    await rooms.settle();
    const copies = runs.length - 1;
    const calls = runs.length * 5;
    const messages = runs.length * 3;
    const nothingBad = { quarantined: 0, ignored: 0 };
    expect(await accountOf('metering', TOPICS.apiCalls.name)).toEqual({
      read: calls,
      counted: calls - copies,
      duplicate: copies,
      ...nothingBad,
    });
    const ofSms = { read: messages, counted: messages - copies, duplicate: copies, ...nothingBad };
    expect(await accountOf('metering', TOPICS.smsSent.name)).toEqual(ofSms);
    expect(await accountOf('billing', TOPICS.smsSent.name)).toEqual(ofSms);

    const day = (shift: number) => new Date(now.getTime() + shift * 86_400_000).toISOString().slice(0, 10);
    const usage = await rooms.call('ops', 'GET', `/v1/usage/summary?from=${day(-2)}&to=${day(2)}`);
    expect(usage.body.totals).toMatchObject({ calls: calls - copies, sms: messages - copies });
  }, 120_000);

  const withKcat = hands.includes(kcat) ? it : it.skip;
  withKcat(
    'quarantines what is no event, and goes on behind it',
    async () => {
      const before = await accountOf('metering', TOPICS.apiCalls.name);
      await writeRubbish(on(TOPICS.apiCalls));
      const event = sampleApiCall('after the rubbish', time);
      const key = keyOnPartition(RUBBISH_PARTITION, TOPICS.apiCalls.partitions);
      await kcat.write(on(TOPICS.apiCalls), 'structured', [{ key, event }]);
      await rooms.settle();
      const after = await accountOf('metering', TOPICS.apiCalls.name);
      expect([after.read - before.read, after.counted - before.counted]).toEqual([3, 1]);
      expect(after.quarantined + after.ignored - before.quarantined - before.ignored).toBe(2);
      expect(after.quarantined - before.quarantined).toBeGreaterThanOrEqual(1);
    },
    60_000,
  );
});

function keyOnPartition(partition: number, partitions: number): string {
  for (let index = 0; ; index += 1) {
    if (partitionForKey(`isv_a|${index}`, partitions) === partition) return `isv_a|${index}`;
  }
}
