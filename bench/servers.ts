import { discardEmbeddedPostgres, startEmbeddedPostgres } from '@taxameter/platform';
import { startTestBroker } from '@taxameter/platform/testing';
import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** A real PostgreSQL with fsync on and a real Kafka broker, of this run alone. */
export interface Servers {
  readonly brokers: string;
  /** An empty database. */
  newDatabase(): Promise<string>;
  dropDatabase(url: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startServers(say: (line: string) => void): Promise<Servers> {
  const cleanUps: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp().catch(() => undefined);
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'taxameter-bench-'));
    const postgres = await startEmbeddedPostgres({ folder });
    cleanUps.push(async () => {
      await postgres.stop();
      await discardEmbeddedPostgres(folder);
    });
    say('PostgreSQL runs, fsync on');
    const broker = await startTestBroker();
    cleanUps.push(() => broker.stop());
    say('Kafka runs, one broker');
    const databaseUrl = (name: string) => Object.assign(new URL(postgres.url), { pathname: `/${name}` }).href;
    return {
      brokers: broker.brokers,
      newDatabase: async () => {
        const name = `bench_${randomBytes(5).toString('hex')}`;
        await withClient(postgres.url, (client) => client.query(`create database ${name}`));
        return databaseUrl(name);
      },
      dropDatabase: async (url) => {
        const name = new URL(url).pathname.slice(1);
        await withClient(postgres.url, (client) =>
          client.query(`drop database if exists ${name} with (force)`),
        );
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
