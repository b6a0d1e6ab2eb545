import { FairUseModule, fairUseMigrations } from '@taxameter/fair-use';
import { migrateRoom, schemaOfRoom } from '@taxameter/platform';
import type pg from 'pg';
import { openBackTests, type BackTests, type History } from './fair-use-back-test.js';
import { median } from './pace.js';
import { withClient, type Servers } from './servers.js';

/** A back-test over the signals of 30 days and 1,000 integrations, held against one sequential scan of them. */

export interface BackTested {
  readonly rows: number;
  readonly megabytes: number;
  readonly scanMs: number;
  readonly ms: number;
  readonly timesTheScan: number;
  readonly cases: number;
}

const DAYS = 30;
const INTEGRATIONS = 1_000;
const AGREEMENTS_OF_ONE = 20;
const MINUTES_OF_DAY = 1_440;
/** Calls come in sessions of so many minutes on one agreement. */
const MINUTES_OF_A_SESSION = 5;
const LAST_DAY = '2026-10-01T00:00:00Z';

/**
 * Signals by hashes of their place, so that they are the same everywhere: sessions of five minutes, spread over the day, with up to 30
 * calls a minute. Of a hundred integrations one calls 60 to 90 times a minute, and one fetches whole lists; 98 do nothing wrong.
 * A measure that is not named here has its default.
 * $1 first minute, $2 sessions a day of an integration
 */
const SESSIONS = `
  create temporary table session as
  select format('int_%s', lpad(integration::text, 6, '0')) as integration_id,
         (100000 + integration * ${AGREEMENTS_OF_ONE} + abs(hashint8extended(place, 1)) % ${AGREEMENTS_OF_ONE})::text as agreement_id,
         ($1 + day * ${MINUTES_OF_DAY} + session * (${MINUTES_OF_DAY} / $2)
            + abs(hashint8extended(place, 2)) % (${MINUTES_OF_DAY} / $2 - ${MINUTES_OF_A_SESSION} + 1))::integer as first_minute,
         case when integration % 100 = 50 then 60 else 0 end as more_calls,
         case when integration % 100 = 51 then 3 when session % 5 = 0 then 1 else 0 end as sweeps,
         place
  from generate_series(0, ${INTEGRATIONS - 1}) as integration,
       generate_series(0, ${DAYS - 1}) as day,
       generate_series(0, $2 - 1) as session,
       lateral (select (integration * ${DAYS}::bigint + day) * $2 + session as place) as placed`;
const PAIRS = `
  insert into fair_use.signal_pair_minute
    (integration_id, agreement_id, minute, calls, writes, server_time_ms, client_errors, throttled, calls_by_slot)
  select integration_id, agreement_id, first_minute + later, calls, calls / 5, calls * 150, calls / 25, 0,
         array_fill(calls / 12, array[11]) || (calls - calls / 12 * 11)::integer
  from session, generate_series(0, ${MINUTES_OF_A_SESSION - 1}) as later,
       lateral (select (1 + more_calls + abs(hashint8extended(place, 3 + later)) % 30)::integer as calls) as counted`;
const ROUTES = `
  insert into fair_use.signal_route_minute (integration_id, agreement_id, minute, route, unfiltered_sweeps, changes_since_sweeps)
  select integration_id, agreement_id, first_minute + later, '/v1/{organizationId}/contacts',
         case when sweeps > 1 then sweeps else 0 end, case when sweeps > 1 then 0 else 1 end
  from session, generate_series(0, ${MINUTES_OF_A_SESSION - 1}) as later where sweeps > 1 or (sweeps = 1 and later = 0)`;
const HOURS = `
  insert into fair_use.signal_pair_hour (integration_id, agreement_id, minute, calls, served_calls)
  select integration_id, agreement_id, minute - minute % 60 + 59 as hour, sum(calls), sum(calls - client_errors)
  from fair_use.signal_pair_minute group by integration_id, agreement_id, hour`;
const PAIR_SCAN = `select count(*)::integer as rows, sum(calls + writes + server_time_ms + client_errors + throttled + calls_by_slot[12])
  from fair_use.signal_pair_minute`;
const ROUTE_SCAN = `select count(*)::integer as rows, sum(unfiltered_sweeps + changes_since_sweeps) from fair_use.signal_route_minute`;
const HOUR_SCAN = `select count(*)::integer as rows, sum(calls + served_calls) from fair_use.signal_pair_hour`;
const TABLES = ['signal_pair_minute', 'signal_route_minute', 'signal_pair_hour'];

/** @param minutesOfDay in which an integration calls, on one agreement each */
export async function measureBackTest(
  servers: Servers,
  minutesOfDay: number,
  rounds: number,
  say: (line: string) => void,
): Promise<BackTested> {
  const databaseUrl = await servers.newDatabase();
  try {
    const schema = { migrations: fairUseMigrations };
    await migrateRoom(databaseUrl, schemaOfRoom({ name: 'fair-use', module: FairUseModule, schema }));
    return await withClient(databaseUrl, async (client) => {
      const toMinute = Date.parse(LAST_DAY) / 60_000;
      const history: History = { fromMinute: toMinute - DAYS * MINUTES_OF_DAY, toMinute };
      await fill(client, history, Math.max(1, Math.round(minutesOfDay / MINUTES_OF_A_SESSION)));
      say('  the history is written');
      const backTests = await openBackTests(databaseUrl, LAST_DAY);
      try {
        return await compare(client, history, backTests, rounds);
      } finally {
        await backTests.stop();
      }
    });
  } finally {
    await servers.dropDatabase(databaseUrl);
  }
}

async function fill(client: pg.Client, { fromMinute }: History, sessions: number): Promise<void> {
  await client.query(SESSIONS, [fromMinute, sessions]);
  await client.query(PAIRS);
  await client.query(ROUTES);
  await client.query(HOURS);
  await client.query('drop table session');
  await client.query(`vacuum analyze ${TABLES.map((table) => `fair_use.${table}`).join(', ')}`);
}

/** To and fro; the first scan, which finds a cold cache, does not count. */
async function compare(
  client: pg.Client,
  history: History,
  backTests: BackTests,
  rounds: number,
): Promise<BackTested> {
  // One scan by one process: neither an index nor a helper makes the yardstick shorter.
  await client.query(
    'set max_parallel_workers_per_gather = 0; set enable_indexscan = off; set enable_bitmapscan = off',
  );
  const { value: rows } = await timed(() => scan(client));
  const scans: number[] = [];
  const tests: { ms: number; timesTheScan: number; cases: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { ms } = await timed(() => scan(client));
    scans.push(ms);
    const tested = await timed(() => backTests.run(history));
    if (tested.value.cases === 0)
      throw new Error('the back-test found none of those who are over the limits');
    tests.push({ ms: tested.ms, timesTheScan: tested.ms / ms, cases: tested.value.cases });
  }
  return {
    rows,
    megabytes: await megabytes(client),
    scanMs: median(scans),
    ms: median(tests.map(({ ms }) => ms)),
    timesTheScan: median(tests.map(({ timesTheScan }) => timesTheScan)),
    cases: tests[0]!.cases,
  };
}

/** @returns rows of the signals */
async function scan(client: pg.Client): Promise<number> {
  let rows = 0;
  for (const text of [PAIR_SCAN, ROUTE_SCAN, HOUR_SCAN])
    rows += (await client.query<{ rows: number }>(text)).rows[0]!.rows;
  return rows;
}

async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const begun = performance.now();
  const value = await work();
  return { value, ms: performance.now() - begun };
}

async function megabytes(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ bytes: number }>(
    `select ${TABLES.map((table) => `pg_relation_size('fair_use.${table}')::float8`).join(' + ')} as bytes`,
  );
  return Math.round(rows[0]!.bytes / 2 ** 20);
}
