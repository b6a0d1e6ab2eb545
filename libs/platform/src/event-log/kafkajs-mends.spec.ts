import { TOPICS } from '@taxameter/contracts';
import { Kafka, logLevel } from 'kafkajs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithKafka } from '../testing/index.js';
import { call, record } from './contract/event-log.contract.js';
import { probeRoom } from './contract/probe-room.consumer.js';
import {
  cleanedUpAfterEach,
  newPrefix,
  specKafka,
  startKafkaRooms,
  untilTrue,
} from './contract/kafka-rooms.testing.js';
import { KAFKA_PATIENCE } from './kafka-client.service.js';
import { mendKafkajs } from './kafkajs-mends.service.js';

const after = cleanedUpAfterEach();

interface Queue {
  checkPendingRequests(): void;
  destroy(): void;
}

async function timersIn200Ms(): Promise<number> {
  const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as new (
    options: object,
  ) => Queue;
  const { setTimeout: original } = globalThis;
  const queue = new RequestQueue({ maxInFlightRequests: 5, requestTimeout: 1_000, logger: { debug() {} } });
  let timers = 0;
  globalThis.setTimeout = ((...args: Parameters<typeof setTimeout>) => {
    timers += 1;
    return original(...args);
  }) as typeof setTimeout;
  try {
    queue.checkPendingRequests();
    await sleep(200);
    return timers;
  } finally {
    queue.destroy();
    globalThis.setTimeout = original;
  }
}

describe('a connection of kafkajs that has nothing to send', () => {
  it('sets a timer after the other, unless it is mended: then none', async () => {
    expect(await timersIn200Ms()).toBeGreaterThan(50);
    mendKafkajs();
    mendKafkajs();
    expect(await timersIn200Ms()).toBe(0);
  });
});

describeWithKafka('control records', (brokers) => {
  it('and aborted events are stepped over, and the position goes behind them', async () => {
    const rooms = await startKafkaRooms([probeRoom], brokers());
    after(() => rooms.stop());
    const producer = specKafka(brokers()).producer({
      transactionalId: `${rooms.prefix}tx`,
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
    after(() => producer.disconnect());
    const timestamp = String(rooms.clock.now().getTime());
    const write = async (id: string, end: 'commit' | 'abort') => {
      const { partition, key, headers, value } = record('isv_a|1', call(id, `/${id}`));
      const transaction = await producer.transaction();
      await transaction.send({
        topic: rooms.prefix + TOPICS.apiCalls.name,
        messages: [{ partition, key, headers: { ...headers }, value: Buffer.from(value!), timestamp }],
      });
      await transaction[end]();
    };
    await rooms.producer.append([record('isv_a|1', call('before', '/before'))]);
    await write('aborted', 'abort');
    await rooms.settle();
    await write('committed', 'commit');
    await write('aborted-too', 'abort');
    await rooms.settle();
    await rooms.producer.append([record('isv_a|1', call('after', '/after'))]);
    await rooms.settle();
    const rows = await rooms.databases.get('probe')!.query<{ what: string }[]>('select what from effect');
    expect(rows.map(({ what }) => what)).toEqual(['/before', '/committed', '/after']);
    const { partitions } = await rooms.system.accounting();
    const row = partitions.find(({ read }) => read > 0)!;
    expect(row).toMatchObject({ nextOffset: 8, read: 3, counted: 3, lag: 0 });
  });
});

/** A client whose network can be taken away after a request has gone out and before its answer is heard. */
function clientToCutOff(brokers: string) {
  let isCut = false;
  const kafka = new Kafka({
    ...{
      brokers: brokers.split(','),
      logLevel: logLevel.NOTHING,
      retry: { ...KAFKA_PATIENCE, retries: 2, initialRetryTime: 50 },
    },
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connect({ host, port: isCut ? 1 : port }, onConnect);
      const emit = socket.emit.bind(socket);
      socket.emit = (event: string, ...rest: unknown[]) => {
        if (!isCut || event !== 'data') return emit(event, ...rest);
        socket.destroy(new Error('cut off'));
        return true;
      };
      return socket;
    },
  });
  return { kafka, cut: (value: boolean) => (isCut = value) };
}

describeWithKafka('after an answer that was lost for good, a record that kafkajs calls stored', (brokers) => {
  it.each([
    ['is not there when the producer is idempotent, which is why ours is not', true, ['A', 'C']],
    ['is there when it is not', false, ['A', 'B', 'C']],
  ])('%s', async (_, idempotent, stored) => {
    const { kafka, cut } = clientToCutOff(brokers());
    const topic = `${newPrefix()}answers`;
    const admin = kafka.admin();
    await admin.connect();
    after(() => admin.disconnect());
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true });
    const producer = kafka.producer({ idempotent, retry: { retries: 1, initialRetryTime: 50 } });
    await producer.connect();
    after(() => producer.disconnect());
    const send = (value: string) => producer.send({ topic, messages: [{ value, partition: 0 }] });
    await send('first');
    cut(true);
    await expect(send('A')).rejects.toThrow();
    cut(false);
    expect(await send('B')).toMatchObject([{ errorCode: 0 }]);
    await send('C');
    const consumer = kafka.consumer({ groupId: `${topic}.reader` });
    after(() => consumer.disconnect());
    await consumer.subscribe({ topic, fromBeginning: true });
    const read: string[] = [];
    await consumer.run({ eachMessage: async ({ message }) => void read.push(message.value!.toString()) });
    await untilTrue(() => read.includes('C'));
    expect(read).toEqual(['first', ...stored]);
  });
});
