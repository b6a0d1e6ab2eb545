import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithOwnKafka, startTestBroker } from '../testing/index.js';
import { call, record } from './contract/event-log.contract.js';
import { cleanedUpAfterEach, startKafkaRooms, untilTrue } from './contract/kafka-rooms.testing.js';
import { faultMoments, faultRounds } from '../testing/fault-rounds.service.js';
import { probeRoom } from './contract/probe-room.consumer.js';

/** kafkajs says "stored" for partitions it never wrote to, when a leader dies in a request to several brokers (K17). */

const KEYS = ['isv_a|1', 'isv_b|2', 'isv_c|3', 'isv_d|4', 'isv_e|5', 'isv_f|6'];
const WRITERS = 6;
const TIMES_ROUND = faultRounds(1);
const moment = faultMoments();
const after = cleanedUpAfterEach();

describeWithOwnKafka('three brokers', () => {
  it(
    'lose no acknowledged event when leaders are killed while many partitions are written',
    async () => {
      const broker = await startTestBroker({ brokers: 3 });
      after(() => broker.stop());
      const rooms = await startKafkaRooms([probeRoom], broker.brokers);
      after(() => rooms.stop());
      const acknowledged: string[] = [];
      let stopped = false;
      after(() => (stopped = true));
      const write = async (writer: number) => {
        for (let number = 0; !stopped; number += 1) {
          const routes = KEYS.map((_, index) => `/${writer}/${number}/${index}`);
          try {
            await rooms.producer.append(
              KEYS.map((key, index) => record(key, call(routes[index]!, routes[index]))),
            );
            acknowledged.push(...routes);
          } catch {
            // Nobody knows whether it is stored: either is right.
          }
        }
      };
      const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer));
      const kills = Array.from({ length: TIMES_ROUND }, () => broker.nodes).flat();
      for (const node of kills) {
        await sleep(500 + moment(1_000));
        await node.kill('SIGKILL');
        await sleep(3_000);
        await node.restart();
        await sleep(2_000);
      }
      stopped = true;
      await Promise.all(writers);
      await untilTrue(
        async () => {
          const { partitions } = await rooms.system.accounting().catch(() => ({ partitions: [] }));
          return partitions.length > 0 && partitions.every(({ lag }) => lag === 0);
        },
        60_000,
        'reading all',
      );
      const rows = await rooms.databases.get('probe')!.query<{ what: string }[]>('select what from effect');
      const counted = new Set(rows.map(({ what }) => what));
      expect(rows.length).toBe(counted.size);
      expect(acknowledged.filter((route) => !counted.has(route))).toEqual([]);
      expect(acknowledged.length).toBeGreaterThan(100);
    },
    120_000 + TIMES_ROUND * 60_000,
  );
});
