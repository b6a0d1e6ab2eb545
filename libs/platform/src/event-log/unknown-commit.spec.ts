import { TOPICS } from '@taxameter/contracts';
import { createTestDatabase, startTestRooms, type TestRooms } from '../testing/index.js';
import { call, record } from './contract/event-log.contract.js';
import { faultMoments, faultRounds } from '../testing/fault-rounds.service.js';
import { cleanedUpAfterEach, untilTrue } from './contract/kafka-rooms.testing.js';
import { startPostgresProxy, type CutMoment } from './contract/postgres-proxy.testing.js';
import { probeRoom } from './contract/probe-room.consumer.js';

/** The connection goes while a COMMIT is on its way: nobody here can know whether the batch has counted. */

const ROUNDS = faultRounds(2);
const moment = faultMoments();
const KEY = 'isv_a|1';
const after = cleanedUpAfterEach();

const accountsOf = (rooms: TestRooms) =>
  rooms.databases.get('probe')!.query<Record<string, number>[]>(
    `select from_offset, to_offset, read::integer, counted::integer, duplicate::integer, quarantined::integer
     from consumer_accounting where topic = $1 order by from_offset`,
    [TOPICS.apiCalls.name],
  );

/** Read to the end, or standing still: then waiting longer helps nobody. */
async function hasEnded(rooms: TestRooms): Promise<boolean> {
  const { partitions } = await rooms.system.accounting();
  // Asked last: a reader that has not noticed the cut yet is still running.
  const states = rooms.system.consumers().map(({ state }) => state);
  if (states.includes('stopped')) return true;
  return states.every((state) => state === 'running') && partitions.every(({ lag }) => lag === 0);
}

describe('a batch whose COMMIT has an unknown outcome', () => {
  it.each<[string, CutMoment]>([
    ['before PostgreSQL gets it', 'unsent'],
    ['while PostgreSQL gets it', 'in-flight'],
    ['after PostgreSQL has committed', 'unanswered'],
  ])('counts exactly once when the connection is cut %s', async (_, cutMoment) => {
    const direct = await createTestDatabase();
    after(() => direct.drop());
    const proxy = await startPostgresProxy(direct.url, 'insert into effect');
    after(() => proxy.stop());
    const rooms = await startTestRooms([probeRoom], { databaseUrl: proxy.url });
    after(() => rooms.stop());
    const routes: string[] = [];
    let ranges = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const batch = Array.from({ length: 1 + moment(20) }, (__, index) => `/${round}/${index}`);
      proxy.cutNext(cutMoment);
      await rooms.producer.append(batch.map((route) => record(KEY, call(route, route))));
      routes.push(...batch);
      ranges += 1;
      await untilTrue(() => proxy.cuts() === round + 1, 20_000, 'the cut');
      await untilTrue(() => hasEnded(rooms), 20_000, 'reading to the end');
      expect(rooms.system.consumers().filter(({ state }) => state !== 'running')).toEqual([]);
    }
    const effects = await rooms.databases.get('probe')!.query<{ what: string }[]>('select what from effect');
    expect(effects.map(({ what }) => what).sort()).toEqual([...routes].sort());
    const accounts = await accountsOf(rooms);
    expect(accounts).toHaveLength(ranges);
    // No duplicate: the identities had nothing to catch, because a batch that had counted was not tried again.
    expect(accounts.map(({ read, counted }) => read! - counted!)).toEqual(accounts.map(() => 0));
    expect(accounts.map((row) => row['from_offset'])).toEqual([
      0,
      ...accounts.slice(0, -1).map((row) => row['to_offset']),
    ]);
  });
});
