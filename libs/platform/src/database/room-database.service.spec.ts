import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { ConfigurationError } from '../configuration.js';
import { httpProbeRoom } from '../http/http-probe-room.testing.js';
import { schemaOfRoom } from '../start-rooms.service.js';
import { createTestDatabase, runSqlAsOwner, type TestDatabase } from '../testing/index.js';
import type { Actor } from './actor.js';
import { systemActor } from './actor.js';
import { migrateRoom, openRoom, roleOf } from './room-database.service.js';
import { withActor } from './with-actor.service.js';

const probe = schemaOfRoom(httpProbeRoom);
const neighbour = { ...schemaOfRoom({ ...httpProbeRoom, schema: null }), name: 'probe-neighbour' };

let test: TestDatabase;
let database: DataSource;

beforeAll(async () => {
  test = await createTestDatabase();
  await migrateRoom(test.url, neighbour);
  await migrateRoom(test.url, probe);
  database = await openRoom(test.url, probe);
});

afterAll(async () => {
  await database?.destroy();
  await test?.drop();
});

const codeOf = async (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (error as { code?: string }).code,
  );

describe('a room', () => {
  it('reads its own tables by name and those of another room not at all', async () => {
    expect(await codeOf(database.query('select * from thing'))).toBe('done');
    expect(await codeOf(database.query('select * from http_probe.outbox'))).toBe('done');
    for (const sql of [
      'select * from probe_neighbour.outbox',
      "insert into probe_neighbour.seen_message values ('x', gen_random_uuid())",
      'create table probe_neighbour.mine (id integer primary key)',
    ]) {
      expect([sql, await codeOf(database.query(sql))]).toEqual([sql, '42501']);
    }
  });

  it.each([
    'create table mine (id integer primary key)',
    'alter table thing disable row level security',
    'drop table outbox',
    'truncate consumer_accounting',
    'update consumer_accounting set read = 0, counted = 0',
    'delete from consumer_accounting',
  ])('may not "%s"', async (sql) => {
    expect(await codeOf(database.query(sql))).toBe('42501');
  });

  it('reads and writes instants in UTC and counts as numbers', async () => {
    const [row] = await database.query<[{ zone: string; count: unknown }]>(
      "select current_setting('TimeZone') as zone, 5::bigint as count",
    );
    expect(row).toEqual({ zone: 'UTC', count: 5 });
  });
});

describe('row-level security', () => {
  const partner = (partnerId: string | null): Actor => ({ id: 'tok_1', role: 'partner', partnerId });
  const seenBy = async (actor: Actor) =>
    (
      await withActor(database, actor, (tx) =>
        tx.query<{ name: string }[]>('select name from thing order by name'),
      )
    ).map(({ name }) => name);

  beforeAll(async () => {
    await withActor(database, systemActor('http-probe'), (tx) =>
      tx.query("insert into thing (partner_id, name) values ('par_a', 'a'), ('par_b', 'b')"),
    );
  });

  it('shows a partner its own rows, the room all, and a partner without partner none', async () => {
    expect(await seenBy(partner('par_a'))).toEqual(['a']);
    expect(await seenBy(systemActor('http-probe'))).toEqual(['a', 'b']);
    expect(await seenBy(partner(null))).toEqual([]);
    expect(await seenBy(partner(''))).toEqual([]);
  });

  it('lets a partner neither write nor change a row of another', async () => {
    const write = (sql: string) =>
      withActor(database, partner('par_a'), (tx) => tx.query<[unknown, number]>(sql));
    expect(await codeOf(write("insert into thing (partner_id, name) values ('par_b', 'x')"))).toBe('42501');
    expect((await write("update thing set name = 'x' where name = 'b'"))[1]).toBe(0);
  });

  it('forgets the partner when the transaction ends, also when it fails', async () => {
    await withActor(database, partner('par_a'), async () => {
      throw new Error('no');
    }).catch(() => undefined);
    const all = await Promise.all(
      Array.from({ length: 16 }, () => database.query<unknown[]>('select name from thing')),
    );
    expect(new Set(all.map((rows) => rows.length))).toEqual(new Set([2]));
  });
});

describe('migrateRoom', () => {
  it('does nothing the second time', async () => {
    const done = () => database.query<unknown[]>('select id, name from migration order by id');
    const before = await done();
    expect(before.length).toBeGreaterThan(4);
    await migrateRoom(test.url, probe);
    expect(await done()).toEqual(before);
  });

  it('lets processes that start together wait for each other', async () => {
    const fresh = await createTestDatabase();
    try {
      await Promise.all(Array.from({ length: 4 }, () => migrateRoom(fresh.url, probe)));
      const room = await openRoom(fresh.url, probe);
      expect(await codeOf(room.query('select * from thing'))).toBe('done');
      await room.destroy();
    } finally {
      await fresh.drop();
    }
  });

  it('survives that several databases of one server create the room’s role in the same moment', async () => {
    const databases = await Promise.all(Array.from({ length: 6 }, () => createTestDatabase()));
    const names = Array.from({ length: 6 }, () => `probe-${randomBytes(4).toString('hex')}`);
    try {
      for (const name of names) {
        const work = databases.map(({ url }) => migrateRoom(url, { name, migrations: [] }));
        expect(await Promise.all(work)).toHaveLength(6);
      }
    } finally {
      await Promise.all(databases.map((one) => one.drop()));
      for (const name of names) await runSqlAsOwner(test.url, `drop role if exists ${roleOf(name)}`);
    }
  });

  it('says in one sentence where the database was looked for, without the password', async () => {
    const url = 'postgres://me:canary-password@127.0.0.1:1/nowhere';
    const error = await migrateRoom(url, probe).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConfigurationError);
    expect((error as Error).message).toMatch(
      /^cannot use the database at 127\.0\.0\.1:1\/nowhere: .*ECONNREFUSED/,
    );
    expect((error as Error).message).not.toMatch(/canary|\n/);
  });
});
