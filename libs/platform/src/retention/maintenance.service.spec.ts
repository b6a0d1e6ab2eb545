import { TOPICS } from '@taxameter/contracts';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { fixedClock } from '../clock.js';
import { call, record } from '../event-log/contract/event-log.contract.js';
import { probeRoom } from '../event-log/contract/probe-room.consumer.js';
import { createLogger } from '../logging.service.js';
import { runSqlAsOwner, startTestRooms, type TestRooms } from '../testing/index.js';
import { maintainOnce } from './maintenance.service.js';
import type { PartitionedTable, WaitingSince } from './retention.js';

let rooms: TestRooms;
let database: DataSource;

beforeEach(async () => {
  rooms = await startTestRooms([probeRoom], { now: '2026-10-05T08:00:00Z' });
  database = rooms.databases.get('probe')!;
});

afterEach(() => rooms?.stop());

const maintain = (now: string, options: { waiting?: WaitingSince; partitioned?: PartitionedTable[] } = {}) =>
  maintainOnce({
    room: 'probe',
    database,
    partitioned: options.partitioned ?? [],
    log: { waitingSince: async (positions) => positions.map(() => options.waiting ?? 'nothing') },
    clock: fixedClock(new Date(now)),
    logger: createLogger('silent'),
  });

const days = async () =>
  (
    await database.query<{ name: string }[]>(
      `select relname as name from pg_inherits join pg_class on oid = inhrelid
       where inhparent = 'seen_call'::regclass order by relname`,
    )
  ).map(({ name }) => name.slice(-8));

const count = async (...events: ReturnType<typeof call>[]) => {
  await rooms.producer.append(events.map((event) => record('isv_a|1', event)));
  await rooms.settle();
};

describe('maintenance', () => {
  it('makes the days of identities of today and tomorrow, and drops a day 21 whole days after it ended', async () => {
    await count(call('one', '/v1/x', '2026-10-04T07:00:00Z'));
    await maintain('2026-10-05T08:00:00Z');
    expect(await days()).toEqual(['20261004', '20261005', '20261006']);
    await maintain('2026-10-25T23:59:59Z');
    expect(await days()).toContain('20261004');
    await maintain('2026-10-26T00:00:00Z');
    expect(await days()).toEqual(['20261005', '20261006', '20261025', '20261026', '20261027']);
    expect(await database.query('select partitioned_table as name, since from retained_from')).toEqual([
      { name: 'seen_call', since: new Date('2026-10-05T00:00:00Z') },
    ]);
  });

  it('keeps the days that a record needs which has waited for longer than Kafka would keep it', async () => {
    await count(call('one', '/v1/x', '2026-10-04T07:00:00Z'));
    await maintain('2026-12-01T00:00:00Z', { waiting: new Date('2026-10-11T23:00:00Z') });
    expect(await days()).toContain('20261004');
    await maintain('2026-12-01T00:00:00Z', { waiting: new Date('2026-10-12T00:00:00Z') });
    expect(await days()).not.toContain('20261004');
  });

  it('makes a dropped day never anew: a call that still comes is quarantined, not counted a second time', async () => {
    const once = call('once', '/v1/x', '2026-10-04T07:00:00Z');
    await count(once);
    await maintain('2026-12-01T00:00:00Z');
    await database.query("select ensure_seen_call_day('2026-10-04')");
    expect(await days()).not.toContain('20261004');
    await count(once, call('today'));
    const accounts = (await rooms.system.accounting()).partitions.filter(
      ({ topic, read }) => topic === TOPICS.apiCalls.name && read > 0,
    );
    expect(accounts).toMatchObject([{ read: 3, counted: 2, duplicate: 0, quarantined: 1 }]);
    expect(rooms.system.consumers().filter(({ state }) => state === 'stopped')).toEqual([]);
  });

  it('forgets answers to commands 30 days after they were given, all of them, and none before', async () => {
    await database.query(
      `insert into idempotency_key (actor, route, key, request_hash, answer, created_at)
       select 'tok_1', 'POST /v1/x', 'old ' || number, 'hash', '{}', '2026-10-05T07:59:59Z'
       from generate_series(1, 2500) as number
       union all values ('tok_1', 'POST /v1/x', 'new', 'hash', '{}'::jsonb, '2026-10-05T08:00:00Z'::timestamptz)`,
    );
    const keys = async () =>
      (await database.query<{ key: string }[]>('select key from idempotency_key')).map(({ key }) => key);
    await maintain('2026-11-04T07:59:59Z');
    expect(await keys()).toHaveLength(2_501);
    await maintain('2026-11-04T08:00:00Z');
    expect(await keys()).toEqual(['new']);
  });

  it('lets batches pass and drops at the next turn what is in use', async () => {
    await count(call('one', '/v1/x', '2026-10-04T07:00:00Z'));
    const batch = new pg.Client({ connectionString: rooms.databaseUrl });
    await batch.connect();
    try {
      await batch.query(`begin; insert into probe.seen_call values ('2026-10-04', gen_random_uuid())`);
      await maintain('2026-10-26T00:00:00Z');
      expect(await days()).toContain('20261004');
      await batch.query('commit');
      await maintain('2026-10-26T00:00:00Z');
      expect(await days()).not.toContain('20261004');
    } finally {
      await batch.end();
    }
  });

  it('drops of a table of the room only what ended before it is kept, and processes that do it at once do it once', async () => {
    await runSqlAsOwner(
      rooms.databaseUrl,
      `set search_path = probe;
       create table figure (at timestamptz not null) partition by range (at);
       create table figure_1 partition of figure for values from ('2026-06-01Z') to ('2026-07-01Z');
       create table figure_2 partition of figure for values from ('2026-07-01Z') to ('2026-08-01Z');
       create table figure_3 partition of figure for values from ('2026-08-01Z') to ('2026-09-01Z')`,
    );
    const partitioned = [{ table: 'figure', keptDays: 92, ensureSql: 'select $1::date' }];
    await Promise.all([1, 2, 3].map(() => maintain('2026-11-01T00:00:00Z', { partitioned })));
    const kept = await database.query(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'figure'::regclass`,
    );
    expect(kept).toEqual([{ name: 'figure_3' }]);
    expect(await database.query('select since from retained_from')).toEqual([
      { since: new Date('2026-08-01T00:00:00Z') },
    ]);
  });

  it('gives the room no other way to drop, or to say that something was', async () => {
    await expect(database.query('drop table seen_call')).rejects.toMatchObject({ code: '42501' });
    await expect(
      database.query("insert into retained_from values ('seen_call', now())"),
    ).rejects.toMatchObject({ code: '42501' });
    expect(
      await database.query("select * from drop_oldest_partition('consumer_position', '2099-01-01')"),
    ).toEqual([]);
  });
});
