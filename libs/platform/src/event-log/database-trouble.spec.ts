import type { QueryRunner } from 'typeorm';
import { createTestDatabase, describeWithKafka } from '../testing/index.js';
import { call, record } from './contract/event-log.contract.js';
import { cleanedUpAfterEach, newPrefix, startKafkaRooms, untilTrue } from './contract/kafka-rooms.testing.js';
import { probeRoom } from './contract/probe-room.consumer.js';

/** The database is there and does not serve a reader, for longer than the session of its group lasts. */

const POOL_SIZE = 8;
const SESSION_MS = 6_000;
const after = cleanedUpAfterEach();

describeWithKafka('a reader whose connections others hold', (brokers) => {
  it('stays in its group beyond the session, keeps its partitions, and counts each event once when it has one again', async () => {
    const database = await createTestDatabase();
    after(() => database.drop());
    const settings = { prefix: newPrefix(), databaseUrl: database.url };
    const one = await startKafkaRooms([probeRoom], brokers(), settings);
    const two = await startKafkaRooms([probeRoom], brokers(), settings);
    after(() => Promise.all([one.stop(), two.stop()]));
    const shares = () =>
      [one, two].map((rooms) =>
        rooms.system
          .consumers()
          .map(({ topic, partition }) => `${topic} ${partition}`)
          .sort(),
      );
    await untilTrue(() => shares().every(({ length }) => length > 0 && length < 9));
    const before = shares();
    const held: QueryRunner[] = [];
    const letGo = () => Promise.all(held.splice(0).map((runner) => runner.release()));
    after(letGo);
    for (let taken = 0; taken < POOL_SIZE; taken += 1) {
      const runner = one.databases.get('probe')!.createQueryRunner();
      await runner.connect();
      held.push(runner);
    }
    const routes = Array.from({ length: 24 }, (_, index) => `/exhausted/${index}`);
    await two.producer.append(routes.map((route, index) => record(`isv_${index}|1`, call(route, route))));
    const isRetrying = () =>
      one.system
        .consumers()
        .some(({ state, reason }) => state === 'retrying' && /timeout exceeded/.test(reason ?? ''));
    await untilTrue(isRetrying, 10_000, 'an attempt without connection');
    for (const until = performance.now() + SESSION_MS + 2_000; performance.now() < until;) {
      expect(shares()).toEqual(before);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await letGo();
    await one.settle();
    const rows = await one.databases.get('probe')!.query<{ what: string }[]>('select what from effect');
    expect(rows.map(({ what }) => what).sort()).toEqual([...routes].sort());
    const { partitions } = await one.system.accounting();
    expect(partitions.reduce((sum, { duplicate }) => sum + duplicate, 0)).toBe(0);
    await untilTrue(() =>
      [one, two].every((rooms) => rooms.system.consumers().every(({ state }) => state === 'running')),
    );
    expect(shares()).toEqual(before);
  }, 90_000);
});
