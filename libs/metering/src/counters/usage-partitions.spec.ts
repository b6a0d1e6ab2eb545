import { auditRooms, migrateRoom, openRoom, parseConfiguration, schemaOfRoom } from '@taxameter/platform';
import { createTestDatabase, runSqlAsOwner } from '@taxameter/platform/testing';
import type { DataSource } from 'typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import { call, sms } from '../events.testing.js';
import { meteringRoom, startMetering, type TestMetering } from '../metering.testing.js';

const CHILDREN = `
  select child.relname as name, child.reloptions as options,
         has_table_privilege('taxameter_metering', child.oid, 'select, insert, update, delete') as open
  from pg_inherits join pg_class child on child.oid = inhrelid
  where inhparent in ('usage_minute'::regclass, 'usage_hour'::regclass) order by child.relname`;

interface Child {
  readonly name: string;
  readonly options: string[];
  readonly open: boolean;
}

describe('a database of before months', () => {
  const whole = schemaOfRoom(meteringRoom);
  const LATER = ['Retention1760000004000', 'UsagePartitions1760000100020'];
  const old = { ...whole, migrations: whole.migrations.filter(({ name }) => !LATER.includes(name)) };
  let url: string;
  let database: DataSource;
  let drop: () => Promise<void>;

  beforeAll(async () => {
    ({ url, drop } = await createTestDatabase());
    await migrateRoom(url, old);
    database = await openRoom(url, old);
    await database.query(`
      insert into integration (integration_id) values ('isv_a'), ('isv_b');
      insert into integration_owner values ('isv_b', '2026-01-01', null, 'par_b');
      insert into usage_minute (window_start, integration, agreement, calls, calls_4xx, calls_5xx, calls_429, duration_ms,
                                response_bytes, sms, sms_segments, sms_test, revision, duration_max_ms)
        select timestamptz '2026-06-30T22:00Z' + number * interval '37 minutes', 1 + number % 2, number % 3, number, number % 2, 0, 0,
               9007199254740993 + number, number, 1, 2, 0, number, number
        from generate_series(1, 3000) as number;
      insert into usage_hour (window_start, integration, agreement, route, status_class, calls, calls_429, duration_ms,
                              response_bytes, sms, sms_segments, sms_test, revision, duration_max_ms)
        select timestamptz '2025-12-31T20:00Z' + number * interval '5 hours', 1 + number % 2, 0, number % 4, number % 6, number, 0,
               number, number, 0, 0, 0, 1, number
        from generate_series(1, 1000) as number`);
  });

  afterAll(async () => {
    await database?.destroy();
    await drop?.();
  });

  it('has every row after the migration as it was, each in its month', async () => {
    const everything = async () => {
      const rows = [];
      for (const table of ['usage_minute', 'usage_hour']) {
        const [found] = await database.query<{ count: number }[]>(
          `select count(*), sum(calls) as calls, sum(duration_ms) as duration, sum(revision) as revisions,
                  md5(string_agg(counter::text, ';' order by counter::text)) as bytes from ${table} as counter`,
        );
        rows.push(found);
      }
      return rows;
    };
    const before = await everything();
    expect(before).toMatchObject([{ count: 3_000 }, { count: 1_000 }]);
    await migrateRoom(url, whole);
    expect(await everything()).toEqual(before);
    const rows = await database.query<{ first: string; table: string }[]>(
      `select distinct tableoid::regclass::text as table, to_char(window_start, 'YYYYMM') as first from usage_minute order by 1`,
    );
    expect(rows.map(({ table, first }) => [table, first])).toEqual(
      ['202606', '202607', '202608', '202609'].map((month) => [`usage_minute_${month}`, month]),
    );
    expect(await database.query(`select to_regclass('usage_minute_before') as before`)).toEqual([
      { before: null },
    ]);
  });

  it('has room on the pages of each month, and no month that the room itself may name', async () => {
    const rows = await database.query<Child[]>(CHILDREN);
    expect(rows.length).toBeGreaterThan(8);
    for (const child of rows) expect(child).toMatchObject({ options: ['fillfactor=50'], open: false });
  });

  it('keeps keys, checks, rights and the rows of others out of sight as before', async () => {
    const insert = (calls: number, calls4xx: number) =>
      database.query(
        `insert into usage_minute (window_start, integration, agreement, calls, calls_4xx, calls_5xx, calls_429, duration_ms,
                                     response_bytes, sms, sms_segments, sms_test)
           values ('2026-07-15', 1, 1, $1, $2, 0, 0, 0, 0, 0, 0, 0)`,
        [calls, calls4xx],
      );
    await expect(insert(1, 2)).rejects.toMatchObject({ code: '23514' });
    await insert(2, 1);
    await expect(insert(2, 1)).rejects.toMatchObject({ code: '23505' });
    for (const table of ['usage_minute', 'usage_hour']) {
      await expect(database.query(`delete from ${table}`)).rejects.toMatchObject({ code: '42501' });
      await expect(database.query(`truncate ${table}`)).rejects.toMatchObject({ code: '42501' });
      const seen = await database.transaction(async (tx) => {
        await tx.query("select set_config('taxameter.partner', 'par_b', true)");
        return tx.query(`select distinct integration from ${table}`);
      });
      expect(seen).toEqual([{ integration: 2 }]);
    }
    await expect(database.query('select from usage_minute_202607')).rejects.toMatchObject({
      code: '42501',
    });
  });
});

describe('months', () => {
  let metering: TestMetering;
  const sql: TestMetering['sql'] = (text, parameters) => metering.sql(text, parameters);

  beforeEach(async () => {
    metering = await startMetering();
  });

  afterEach(() => metering?.rooms.stop());

  /** A second process beside this one that runs its maintenance at that time, until it has dropped up to there. */
  const maintainAt = async (now: string, minutesSince: string) => {
    const later = await startMetering({ now, databaseUrl: metering.rooms.databaseUrl });
    try {
      for (let tries = 0; tries < 200; tries += 1) {
        const [row] = await sql<{ since: Date }>(
          `select since from retained_from where partitioned_table = 'usage_minute'`,
        );
        if (row?.since.toISOString() === minutesSince) return;
        await sleep(25);
      }
    } finally {
      await later.rooms.stop();
    }
    throw new Error(`nothing was dropped: ${JSON.stringify(await sql('select * from retained_from'))}`);
  };
  const months = async (table: string) =>
    (await sql<Child>(CHILDREN)).flatMap(({ name }) => (name.startsWith(table) ? [name.slice(-6)] : []));
  const counted = async (table: string) =>
    (await sql<{ sms: number }>(`select coalesce(sum(sms), 0)::integer as sms from ${table}`))[0]!.sms;
  const waitingForMinutes = async () =>
    (
      await sql<{ waiting: number }>(
        `select count(*) as waiting from pg_locks where relation = 'usage_minute'::regclass and not granted`,
      )
    )[0]!.waiting;
  const audit = () =>
    auditRooms(
      [meteringRoom],
      parseConfiguration({ DATABASE_URL: metering.rooms.databaseUrl, FIXED_CLOCK: '2026-10-05T08:00:00Z' }),
    );

  it('are there ahead, and for a late event when it comes, with room on their pages', async () => {
    for (let tries = 0; tries < 200 && (await months('usage_hour')).length < 2; tries += 1) await sleep(25);
    expect(await months('usage_minute')).toEqual(['202610', '202611']);
    await metering.count(sms('late', '2025-12-31T23:59:59Z'), call('now', '2026-10-05T07:00:00Z'));
    for (const table of ['usage_minute', 'usage_hour']) {
      expect(await months(table)).toEqual(['202512', '202610', '202611']);
    }
    for (const child of await sql<Child>(CHILDREN)) {
      expect(child).toMatchObject({ options: ['fillfactor=50'], open: false });
    }
  });

  it('are dropped when all of one is older than it is kept; a later event for them is in the coarser tables only', async () => {
    await metering.count(
      sms('june', '2026-06-10T08:00:00Z'),
      sms('july', '2026-07-01T00:00:00Z'),
      sms('august', '2026-08-01T00:00:00Z'),
    );
    // 92 days before is 31 July and a day: the whole of July is not that old yet.
    await maintainAt('2026-10-31T23:59:59Z', '2026-07-01T00:00:00.000Z');
    expect(await months('usage_minute')).toEqual(expect.arrayContaining(['202607', '202608']));
    await maintainAt('2026-11-01T00:00:00Z', '2026-08-01T00:00:00.000Z');
    expect([await counted('usage_minute'), await counted('usage_hour'), await counted('usage_day')]).toEqual([
      1, 3, 3,
    ]);
    // This process has known June since before it was dropped.
    await metering.count(
      sms('june-later', '2026-06-11T08:00:00Z'),
      sms('august-later', '2026-08-01T00:00:00Z'),
    );
    expect(await months('usage_minute')).not.toContain('202606');
    for (const [table, messages] of Object.entries({
      usage_minute: 2,
      usage_hour: 5,
      usage_day: 5,
      usage_quarter: 5,
    })) {
      expect([table, await counted(table)]).toEqual([table, messages]);
    }
    const { partitions } = await metering.rooms.system.accounting();
    expect(partitions.reduce((sum, { quarantined }) => sum + quarantined, 0)).toBe(0);
  });

  it('that are dropped while a batch for them waits are left out of it, and nothing of the batch is quarantined', async () => {
    // October too, so that the batch does not wait to make it.
    await metering.count(sms('june', '2026-06-10T08:00:00Z'), sms('october', '2026-10-05T07:00:00Z'));
    const database = metering.rooms.databases.get('metering')!;
    let counting: Promise<void> | undefined;
    await database.transaction(async (tx) => {
      await tx.query(`select drop_oldest_partition('usage_minute', '2026-07-01')`);
      counting = metering.count(
        sms('june-later', '2026-06-10T08:00:00Z'),
        sms('october-later', '2026-10-05T07:00:00Z'),
      );
      for (let tries = 0; (await waitingForMinutes()) === 0; tries += 1) {
        if (tries === 400) throw new Error('no batch came to the table');
        await sleep(25);
      }
    });
    await counting;
    expect([await counted('usage_minute'), await counted('usage_hour'), await counted('usage_day')]).toEqual([
      2, 4, 4,
    ]);
    expect(await sql('select from quarantine')).toEqual([]);
  });

  it('that are dropped are refused by the usage API, which says from when on there are minutes and what to take', async () => {
    await metering.count(sms('june', '2026-06-10T08:00:00Z'), sms('july', '2026-07-01T00:00:00Z'));
    const june = { from: '2026-06-30T23:00:00Z', to: '2026-07-02T00:00:00Z' };
    const july = { from: '2026-07-01T00:00:00Z', to: '2026-07-02T00:00:00Z' };
    expect((await metering.usage({ granularity: 'minute', ...june })).body.items).toHaveLength(1);
    await maintainAt('2026-10-05T08:00:00Z', '2026-07-01T00:00:00.000Z');
    const refused = await metering.usage({ granularity: 'minute', ...june });
    expect([refused.status, refused.body]).toMatchObject([
      404,
      {
        type: 'urn:taxameter:problem:usage-not-retained',
        retainedFrom: '2026-07-01T00:00:00.000Z',
        coarser: 'hour',
        detail: expect.stringContaining('take granularity=hour'),
      },
    ]);
    const csv = await metering.usage({ granularity: 'minute', format: 'csv', ...june });
    expect([csv.status, csv.body.type]).toEqual([404, 'urn:taxameter:problem:usage-not-retained']);
    expect((await metering.usage({ granularity: 'minute', ...july })).body.items).toHaveLength(1);
    expect((await metering.usage({ granularity: 'hour', ...june })).body.items).toHaveLength(1);
  });

  it('that are dropped are no difference to the audit, which still sees one in what is kept', async () => {
    await metering.count(
      sms('june', '2026-06-10T08:00:00Z'),
      call('july', '2026-10-01T12:00:00Z'),
      sms('edge', '2026-07-01T00:30:00Z'),
      sms('kept', '2026-07-02T00:30:00Z'),
    );
    await maintainAt('2026-10-05T08:00:00Z', '2026-07-01T00:00:00.000Z');
    await metering.count(sms('june-later', '2026-06-11T08:00:00Z'));
    expect(await sql('select from quarantine')).toEqual([]);
    const { differences, checked } = await audit();
    expect([differences, checked.events]).toEqual([[], 5]);
    await runSqlAsOwner(
      metering.rooms.databaseUrl,
      `update metering.usage_minute set sms = 2, sms_segments = 2 where window_start = '2026-07-02T00:30:00Z'`,
    );
    expect((await audit()).differences).toMatchObject([
      { check: 'auditor', detail: 'SMS in usage_minute against those counted', expected: 1, found: 2 },
    ]);
  });
});
