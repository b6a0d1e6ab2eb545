import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';
import { call, recordOf } from '../events.testing.js';
import { startMetering, type TestMetering } from '../metering.testing.js';

/** What PostgreSQL refuses for reasons that are not the batch's: the batch is tried again, and counts exactly once. */

const MINUTE = '2026-10-05T07:00:00Z';
const POOL_SIZE = 8;
const PATIENCE_MS = 15_000;

let metering: TestMetering;
let taken: QueryRunner[];

beforeEach(async () => {
  metering = await startMetering();
  taken = [];
  await countBoth('before');
});

afterEach(async () => {
  await Promise.all(taken.splice(0).map((runner) => runner.release()));
  await metering?.rooms.stop();
});

/** `isv_a` and `isv_b` in one batch, so that one transaction raises the rows of both, `isv_a` first. */
async function appendBoth(id: string): Promise<void> {
  const events = ['isv_a', 'isv_b'].map((integrationId) =>
    call(`${id} ${integrationId}`, MINUTE, { integrationId }),
  );
  await metering.rooms.producer.append([
    {
      ...recordOf(events[0]!),
      headers: { 'content-type': 'application/cloudevents-batch+json' },
      value: new TextEncoder().encode(JSON.stringify(events)),
    },
  ]);
}

async function countBoth(id: string): Promise<void> {
  await appendBoth(id);
  await metering.rooms.settle();
}

/** A connection of the room's own pool, in other hands. */
async function takeConnection(): Promise<QueryRunner> {
  const runner = metering.rooms.databases.get('metering')!.createQueryRunner();
  await runner.connect();
  taken.push(runner);
  return runner;
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; !(await condition()); await sleep(10)) {
    const standing = JSON.stringify(metering.rooms.system.consumers());
    if (Date.now() > deadline) throw new Error(`no ${what} within ${PATIENCE_MS} ms: ${standing}`);
  }
}

const isRetryingAfter = (reason: RegExp) => () =>
  metering.rooms.system
    .consumers()
    .some((consumer) => consumer.state === 'retrying' && reason.test(consumer.reason ?? ''));
/** Retrying after it, or standing still because of it: waiting longer then shows nothing new. */
const isMet = (reason: RegExp) => () =>
  metering.rooms.system.consumers().some((consumer) => reason.test(consumer.reason ?? ''));

const raise = (runner: QueryRunner, integrationId: string) =>
  runner.query(
    `update usage_minute set revision = revision + 1000
     where integration = (select id from integration where integration_id = $1)`,
    [integrationId],
  );

async function expectBothCountedTwice(): Promise<void> {
  await metering.rooms.settle();
  for (const table of ['usage_minute', 'usage_hour', 'usage_day', 'usage_quarter']) {
    const rows = await metering.sql(`select calls::integer, revision::integer from ${table}`);
    expect([table, rows]).toEqual([
      table,
      [
        { calls: 2, revision: 2 },
        { calls: 2, revision: 2 },
      ],
    ]);
  }
  const { partitions } = await metering.rooms.system.accounting();
  expect(partitions.reduce((sum, { counted }) => sum + counted, 0)).toBe(4);
  expect(partitions.reduce((sum, { duplicate }) => sum + duplicate, 0)).toBe(0);
  expect(metering.rooms.system.consumers().filter(({ state }) => state !== 'running')).toEqual([]);
}

describe('counting goes on exactly', () => {
  it('after a deadlock with a session that takes the counter rows in the opposite order', async () => {
    const other = await takeConnection();
    await other.startTransaction();
    // PostgreSQL ends the one that has waited for deadlock_timeout first: so it is always the batch.
    await other.query('set local role none');
    await other.query(`set local deadlock_timeout = '60s'`);
    await raise(other, 'isv_b');
    await appendBoth('deadlock');
    const [{ pid }] = (await other.query('select pg_backend_pid() as pid')) as [{ pid: number }];
    await until('batch that waits', async () => {
      const [row] = await metering.sql<{ waiting: number }>(
        'select count(*)::integer as waiting from pg_locks where not granted and $1 = any(pg_blocking_pids(pid))',
        [pid],
      );
      return row!.waiting > 0;
    });
    await raise(other, 'isv_a');
    await until('deadlock', isMet(/deadlock detected/));
    expect(isRetryingAfter(/deadlock detected/)()).toBe(true);
    await other.rollbackTransaction();
    await expectBothCountedTwice();
  });

  it('after a statement that took longer than it may', async () => {
    const connections = await Promise.all(Array.from({ length: POOL_SIZE }, takeConnection));
    for (const connection of connections) await connection.query(`set statement_timeout = '200ms'`);
    const other = taken.pop()!;
    await Promise.all(taken.splice(0).map((runner) => runner.release()));
    taken.push(other);
    await other.startTransaction();
    await raise(other, 'isv_b');
    await appendBoth('slow');
    await until('statement timeout', isMet(/statement timeout/));
    expect(isRetryingAfter(/statement timeout/)()).toBe(true);
    await other.rollbackTransaction();
    await expectBothCountedTwice();
  });

  it('after seconds in which others held every connection of the pool', async () => {
    await Promise.all(Array.from({ length: POOL_SIZE }, takeConnection));
    await appendBoth('exhausted');
    await until('exhausted pool', isMet(/timeout exceeded when trying to connect/));
    expect(isRetryingAfter(/timeout exceeded when trying to connect/)()).toBe(true);
    await Promise.all(taken.splice(0).map((runner) => runner.release()));
    await expectBothCountedTwice();
  });
});
