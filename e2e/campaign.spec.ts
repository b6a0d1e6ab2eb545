import {
  createTopics,
  discardEmbeddedPostgres,
  issueBootstrapToken,
  startEmbeddedPostgres,
  systemClock,
} from '@taxameter/platform';
import {
  describeWithOwnKafka,
  faultEvents,
  faultMoments,
  faultRounds,
  startTestBroker,
  type TestBroker,
} from '@taxameter/platform/testing';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { sendLoad, type Sent } from '../bench/load/send.js';
import { compare } from '../bench/oracle/compare.js';
import { service, taxameter, temporaryFolder, type Finished, type Running } from './command-line.js';

/**
 * Everything dies, again and again, while integrations send: at the end an oracle that knows only what was sent finds each event
 * counted once. One broker, one PostgreSQL, a door, two metering processes.
 */

const ROUNDS = faultRounds(3);
const moment = faultMoments();
const EVENTS = faultEvents(ROUNDS * 4_000);
/** So many that all is sent as of the last 24 hours: each sends about 30,000 a day. */
const MEMBERS = Math.max(24, Math.ceil(EVENTS / 20_000));
const AWAY_MS = 2_000;
/** Longer than the session of a group: the others have taken its partitions over when the zombie wakes. */
const FROZEN_MS = 8_000;
const BETWEEN_MS = 1_500;
/** And 1 ms for each event: reading, counting by the oracle and the audit have done far better. */
const SETTLE_MS = 90_000 + EVENTS;
const RECOVERY_MS = 60_000;
const HOUR_MS = 3_600_000;

type Worker = 'ingest' | 'metering-1' | 'metering-2';

class Site {
  private readonly processes = new Map<Worker, Running>();
  private readonly ports = new Map<Worker, number>();

  private constructor(
    readonly broker: TestBroker,
    readonly databaseUrl: string,
    /** Goes with the site. */
    readonly folder: string,
    private readonly prefix: string,
    private readonly stopDatabase: () => Promise<void>,
  ) {}

  static async open(): Promise<Site> {
    const folder = temporaryFolder('campaign');
    const postgres = await startEmbeddedPostgres({ folder: join(folder, 'data') });
    const broker = await startTestBroker();
    const prefix = `campaign-${randomBytes(4).toString('hex')}.`;
    await createTopics({ brokers: broker.brokers.split(','), prefix });
    const site = new Site(broker, postgres.url, folder, prefix, async () => {
      await postgres.stop();
      await discardEmbeddedPostgres(join(folder, 'data'));
      rmSync(folder, { recursive: true, force: true });
    });
    for (const worker of ['ingest', 'metering-1', 'metering-2'] as const) {
      site.ports.set(worker, await freePort());
      await site.start(worker);
    }
    return site;
  }

  address(worker: Worker): string {
    return `http://127.0.0.1:${this.ports.get(worker)}`;
  }

  async start(worker: Worker): Promise<void> {
    const running = service(worker.split('-')[0]!, {
      ...this.environment(),
      PORT: String(this.ports.get(worker)),
    });
    this.processes.set(worker, running);
    // Beside what this round does to the database it may not come up: it is started again.
    await running.shows(/ on http:\S+\n/).catch(async () => {
      await sleep(BETWEEN_MS);
      await this.start(worker);
    });
  }

  async end(worker: Worker, signal: NodeJS.Signals): Promise<void> {
    const { child, finished } = this.processes.get(worker)!;
    child.kill(signal);
    await finished;
  }

  signal(worker: Worker, signal: NodeJS.Signals): void {
    this.processes.get(worker)!.child.kill(signal);
  }

  async sql<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
    const client = await this.connected();
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** The server may still be recovering from the round before. */
  private async connected(): Promise<pg.Client> {
    for (const deadline = Date.now() + RECOVERY_MS; ; await sleep(500)) {
      const client = new pg.Client({ connectionString: this.databaseUrl });
      client.on('error', () => undefined);
      try {
        await client.connect();
        return client;
      } catch (error) {
        if (Date.now() > deadline) throw error;
      }
    }
  }

  /** Reads the log again and compares every row, each identity and the counters with it. */
  audit(): Promise<Finished> {
    return taxameter(['audit', '--room', 'metering'], this.environment()).finished;
  }

  private environment(): Record<string, string> {
    return {
      DATABASE_URL: this.databaseUrl,
      KAFKA_BROKERS: this.broker.brokers,
      TOPIC_PREFIX: this.prefix,
    };
  }

  async close(): Promise<void> {
    for (const { child } of this.processes.values()) child.kill('SIGKILL');
    await Promise.all([...this.processes.values()].map(({ finished }) => finished));
    await this.broker.stop();
    await this.stopDatabase();
  }
}

const backendsOf = `select pid from pg_stat_activity where application_name = 'taxameter metering' and state <> 'idle'
  union all select pid from pg_stat_activity where application_name = 'taxameter metering' limit 1`;

/** Each leaves the site as it found it. */
const FAULTS: Readonly<Record<string, (site: Site) => Promise<void>>> = {
  'a reader is killed with -9': async (site) => {
    await site.end('metering-1', 'SIGKILL');
    await site.start('metering-1');
  },
  'a reader leaves and comes back': async (site) => {
    await site.end('metering-2', 'SIGTERM');
    await site.start('metering-2');
  },
  'a reader is frozen until its partitions have moved, and wakes': async (site) => {
    site.signal('metering-1', 'SIGSTOP');
    await sleep(FROZEN_MS);
    site.signal('metering-1', 'SIGCONT');
  },
  'the door is killed with -9': async (site) => {
    await site.end('ingest', 'SIGKILL');
    await site.start('ingest');
  },
  'the broker is killed with -9 and comes back': async (site) => {
    await site.broker.nodes[0]!.kill('SIGKILL');
    await sleep(AWAY_MS);
    await site.broker.nodes[0]!.restart();
  },
  'the broker restarts politely': (site) => site.broker.nodes[0]!.restart(),
  'a server process of PostgreSQL is killed with -9, so that the whole server recovers': async (site) => {
    const [backend] = await site.sql<{ pid: number }>(backendsOf);
    if (backend) process.kill(backend.pid, 'SIGKILL');
    await sleep(AWAY_MS);
  },
  'all connections to PostgreSQL are cut': async (site) => {
    await site.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'taxameter metering'`,
    );
  },
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describeWithOwnKafka('a site where everything dies', () => {
  let site: Site;

  beforeAll(async () => {
    site = await Site.open();
  }, 120_000);

  afterAll(() => site?.close(), 60_000);

  it(
    'counts each event once, as an oracle finds that knows only what was sent',
    async () => {
      const token = await lastingToken(site);
      const file = join(site.folder, 'sent.ndjson');
      const names = Object.keys(FAULTS);
      let sent: Sent | undefined;
      const sending = sendLoad({
        ...{ url: site.address('ingest'), token, file, seed: 1 + moment(1_000_000) },
        ...{ members: MEMBERS, events: EVENTS, fromMs: Date.now() - 24 * HOUR_MS },
        ...{ requestsAtOnce: 2, patienceMs: 120_000 },
      }).then((all) => (sent = all));
      for (let round = 0; round < ROUNDS; round += 1) {
        await sleep(moment(BETWEEN_MS));
        await FAULTS[names[(round + moment(2)) % names.length]!]!(site);
        await sleep(BETWEEN_MS);
      }
      await sending;
      const access = { url: site.address('metering-2'), token };
      await settled(access);
      expect(sent).toMatchObject({ failed: 0, unknown: 0 });
      const found = await compare(file, access);
      expect(found.differences).toEqual([]);
      expect(found.sent).toBe(EVENTS);
      const [sums] = await site.sql(SUMS);
      expect(new Set(Object.values(sums!)).size).toBe(1);
      expect(await site.sql(BROKEN_ACCOUNTS)).toEqual([]);
      const audit = await site.audit();
      expect([audit.code, audit.stdout + audit.stderr]).toEqual([
        0,
        expect.stringContaining('no difference'),
      ]);
    },
    ROUNDS * 60_000 + 2 * SETTLE_MS,
  );
});

/** For both the door and the usage; that of the command line is good for 5 minutes only. */
async function lastingToken(site: Site): Promise<string> {
  const short = await issueBootstrapToken(site.databaseUrl, systemClock);
  const response = await fetch(`${site.address('ingest')}/v1/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${short}`, 'content-type': 'application/json' },
    body: JSON.stringify({ role: 'admin', name: 'campaign', days: 1 }),
  });
  expect(response.status).toBe(201);
  return ((await response.json()) as { token: string }).token;
}

async function settled({ url, token }: { url: string; token: string }): Promise<void> {
  for (const deadline = Date.now() + SETTLE_MS; ; await sleep(200)) {
    const response = await fetch(`${url}/v1/accounting`, {
      headers: { authorization: `Bearer ${token}` },
    }).catch(() => undefined);
    const text = (await response?.text()) ?? 'no answer';
    if (response?.status === 200) {
      const { partitions } = JSON.parse(text) as { partitions: { lag: number }[] };
      if (partitions.every(({ lag }) => lag === 0)) return;
    }
    if (Date.now() > deadline) throw new Error(`not read to the end: ${text}`);
  }
}

/** Every granularity holds the same calls, as many as the accounting counted. */
const SUMS = `select (select sum(calls)::text from metering.usage_minute) as minute, (select sum(calls)::text from metering.usage_hour) as hour,
  (select sum(calls)::text from metering.usage_day) as day, (select sum(calls)::text from metering.usage_quarter) as quarter,
  (select sum(counted)::text from metering.consumer_accounting where topic = 'usage.api-calls.v1') as counted`;

/** Ranges that do not follow one another, or do not end where the position stands. */
const BROKEN_ACCOUNTS = `select topic, partition, from_offset, before from (
    select topic, partition, from_offset, to_offset,
           lag(to_offset, 1, 0::bigint) over (partition by topic, partition order by from_offset) as before
      from metering.consumer_accounting where kind = 'log') as ranges where from_offset <> before`;
