import { TOPICS } from '@taxameter/contracts';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithKafka } from '../testing/index.js';
import { call, record } from './contract/event-log.contract.js';
import { probeRoom } from './contract/probe-room.consumer.js';
import { cleanedUpAfterEach, startKafkaRooms } from './contract/kafka-rooms.testing.js';
import { kafkaClient } from './kafka-client.service.js';
import { mendKafkajs } from './kafkajs-mends.service.js';
import { createLogger } from '../logging.service.js';

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
    const settings = { brokers: brokers().split(','), prefix: '', ssl: false, login: null };
    const producer = kafkaClient(settings, 'spec', createLogger('silent')).producer({
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
