import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS } from '@taxameter/contracts';
import pg from 'pg';
import { fixedClock } from '../clock.js';
import { migrateRoom, openRoom } from '../database/room-database.service.js';
import { createTestDatabase, startTestRooms, type TestDatabase, type TestRooms } from '../testing/index.js';
import { call, record } from './contract/event-log.contract.js';
import { probeRoom } from './contract/probe-room.consumer.js';
import { partitionForKey } from './partition-for-key.js';
import { processRecords } from './process-records.service.js';
import type { NewRecord } from './record.js';
import { TABLE_LOG_ROOM, TableLog } from './table-log.service.js';

const API = TOPICS.apiCalls;
const clock = fixedClock(new Date('2026-10-05T08:00:00Z'));

const numbered = (what: string, partition: number): NewRecord => ({
  topic: API.name,
  partition,
  key: null,
  headers: {},
  value: new TextEncoder().encode(what),
});

describe('the table log', () => {
  let test: TestDatabase;
  let log: TableLog;
  let close: () => Promise<void>;

  beforeAll(async () => {
    test = await createTestDatabase();
    await migrateRoom(test.url, TABLE_LOG_ROOM);
    const database = await openRoom(test.url, TABLE_LOG_ROOM);
    log = new TableLog(database, clock);
    await log.createTopics();
    close = async () => {
      await database.destroy();
      await test.drop();
    };
  });

  afterAll(async () => {
    await close?.();
  });

  const read = async (partition: number, from: number) => log.read(API.name, partition, from);
  const headOf = async (partition: number) =>
    (await log.heads([API.name])).find((head) => head.partition === partition)!.nextOffset;

  it('shows a reader all of 1,500 records of 8 writers that commit at random times, in dense order', async () => {
    // Delays between drawing an offset and committing it: with a plain sequence the reader would overtake a slow writer.
    const owner = new pg.Client({ connectionString: test.url });
    await owner.connect();
    await owner.query(`
      create function event_log.dawdle() returns trigger language plpgsql as
        $$ begin perform pg_sleep(random() * 0.001); return new; end $$;
      create trigger dawdle before insert on event_log.log_record for each row execute function event_log.dawdle();`);
    let writing = true;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let at = 0; at < 188; at += 4) {
        const some = Array.from({ length: Math.min(4, 188 - at) }, (__, index) => at + index);
        await log.append(some.map((index) => numbered(`${writer}/${index}`, (writer + index) % 2)));
        await sleep(Math.random() * 3);
      }
    });
    const readers = [0, 1].map(async (partition) => {
      const seen: { offset: number; what: string }[] = [];
      for (let last = false; ;) {
        const next = await read(partition, seen.length === 0 ? 0 : seen.at(-1)!.offset + 1);
        seen.push(...next.map(({ offset, value }) => ({ offset, what: Buffer.from(value!).toString() })));
        if (next.length === 0 && last) return seen;
        last = !writing;
        await sleep(Math.random() * 2);
      }
    });
    await Promise.all(writers);
    writing = false;
    const seen = await Promise.all(readers);
    await owner.query('drop trigger dawdle on event_log.log_record');
    await owner.end();

    for (const partition of seen)
      expect(partition.map(({ offset }) => offset)).toEqual([...partition.keys()]);
    const all = seen.flat().map(({ what }) => what);
    expect([all.length, new Set(all).size]).toEqual([1_504, 1_504]);
    // A writer's own records stay in the order in which it appended them.
    for (const partition of seen) {
      const ofOne = partition
        .filter(({ what }) => what.startsWith('3/'))
        .map(({ what }) => Number(what.slice(2)));
      expect(ofOne).toEqual([...ofOne].sort((left, right) => left - right));
    }
  });

  it('stores an append over several partitions whole or not at all, and wastes no offset', async () => {
    const before = [await headOf(2), await headOf(3)];
    await expect(log.append([numbered('a', 2), numbered('b', 3), numbered('c', 99)])).rejects.toThrow(
      /no partition 99/,
    );
    expect([await headOf(2), await headOf(3)]).toEqual(before);
    expect(await read(2, before[0]!)).toEqual([]);
    await log.append([numbered('a', 2), numbered('b', 3), numbered('c', 2)]);
    expect(
      (await read(2, before[0]!)).map(({ offset, value }) => [offset, Buffer.from(value!).toString()]),
    ).toEqual([
      [before[0], 'a'],
      [before[0]! + 1, 'c'],
    ]);
    expect(await read(3, before[1]!)).toHaveLength(1);
  });

  it('reads at most 500 records at once, and a record larger than the limit alone', async () => {
    const from = await headOf(3);
    await log.append(Array.from({ length: 501 }, (_, index) => numbered(String(index), 3)));
    expect(await read(3, from)).toHaveLength(500);
    const large = await headOf(3);
    await log.append([numbered('x'.repeat(8_000_001), 3), numbered('after', 3)]);
    expect(await read(3, large)).toHaveLength(1);
    expect(await read(3, large + 1)).toHaveLength(1);
  });

  it('lets nobody change or remove what arrived', async () => {
    const database = await openRoom(test.url, TABLE_LOG_ROOM);
    await expect(database.query("update log_record set key = 'x'")).rejects.toMatchObject({ code: '42501' });
    await expect(database.query('delete from log_record')).rejects.toMatchObject({ code: '42501' });
    await database.destroy();
  });
});

describe('two processes that read for one room', () => {
  let one: TestRooms;
  let other: TestRooms;

  beforeAll(async () => {
    one = await startTestRooms([probeRoom]);
    other = await startTestRooms([probeRoom], { databaseUrl: one.databaseUrl });
  });

  afterAll(async () => {
    await other?.stop();
    await one?.stop();
  });

  const database = () => one.databases.get('probe')!;
  const effects = () => database().query<{ what: string }[]>('select what from effect');
  const account = async () =>
    (
      await database().query<[Record<string, number>]>(
        'select sum(read)::integer as read, sum(counted)::integer as counted, sum(duplicate)::integer as duplicate from consumer_accounting',
      )
    )[0];

  it('count each of 400 events once and hand none over twice', async () => {
    await Promise.all(
      Array.from({ length: 100 }, async (_, batch) => {
        const events = Array.from({ length: 4 }, (__, index) =>
          call(`${batch}-${index}`, `/${batch}/${index}`),
        );
        await (batch % 2 ? one : other).producer.append([
          ...events.map((event, index) => record(`isv_a|${index}`, event)),
        ]);
      }),
    );
    await one.settle();
    await other.settle();
    const seen = (await effects()).map(({ what }) => what);
    expect([seen.length, new Set(seen).size]).toEqual([400, 400]);
    // No duplicate: the fence let one process win each range, the identities had nothing to catch.
    expect(await account()).toEqual({ read: 400, counted: 400, duplicate: 0 });
  });

  it('leave ranges that tile each partition without gap', async () => {
    const [row] = await database().query<[{ torn: number }]>(
      `select count(*) as torn from (
         select from_offset, lag(to_offset, 1, 0::bigint) over (partition by topic, partition order by from_offset) as expected
         from consumer_accounting) as ranges
       where from_offset <> expected`,
    );
    expect(row.torn).toBe(0);
  });

  it('fence a zombie that comes back with the position of an hour ago', async () => {
    const partition = partitionForKey('isv_a|1', API.partitions);
    const [row] = await database().query<[{ next: number }]>(
      'select next_offset as next from consumer_position where topic = $1 and partition = $2',
      [API.name, partition],
    );
    expect(row.next).toBeGreaterThan(0);
    const before = await account();
    let handled = 0;
    const zombie = processRecords(
      database(),
      { room: 'probe', topic: API.name, types: [], handle: async () => void (handled += 1) },
      {
        topic: API.name,
        partition,
        generation: 0,
        records: [{ ...record('isv_a|1', call('zombie')), partition, offset: 0, appendedAt: clock.now() }],
        fromOffset: 0,
        toOffset: 1,
      },
      clock,
    );
    expect(await zombie).toEqual({ kind: 'fenced' });
    expect(handled).toBe(0);
    expect(await account()).toEqual(before);
  });

  it('let one win when both process the same range at the same moment', async () => {
    // A topic that nobody here reads, so that only these three move its position.
    const topic = TOPICS.smsTotals.name;
    await database().query(
      'insert into consumer_position (topic, partition, next_offset) values ($1, 0, 0)',
      [topic],
    );
    const fact = {
      ...call('totals'),
      type: 'dk.dinero.metering.sms_totals_changed.v1',
      data: {
        partition: 0,
        asOfOffset: 1,
        version: 1,
        integrationId: 'isv_a',
        quarter: '2026-Q3',
        count: 1,
        sumHash: '1',
      },
    };
    let handled = 0;
    const handle = async () => {
      handled += 1;
      await sleep(50);
    };
    const records = [{ ...record('0|isv_a|2026-Q3', fact), offset: 0, appendedAt: clock.now() }];
    const attempt = () =>
      processRecords(
        database(),
        { room: 'probe', topic, types: [], handle },
        { topic, partition: 0, generation: 0, records, fromOffset: 0, toOffset: 1 },
        clock,
      );
    const outcomes = await Promise.all([attempt(), attempt(), attempt()]);
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['committed', 'fenced', 'fenced']);
    expect(handled).toBe(1);
  });
});
