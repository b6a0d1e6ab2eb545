import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { migrateRoom, openRoom } from '../database/room-database.service.js';
import type { Room } from '../room.js';
import { schemaOfRoom } from '../start-rooms.service.js';

/** A database of its own for a spec file, on the one real PostgreSQL of the test run. */
export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** @throws Error when the run has no PostgreSQL: start specs through jest, whose global set-up starts one */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = process.env['TAXAMETER_TEST_DATABASE_URL'];
  if (!server)
    throw new Error('TAXAMETER_TEST_DATABASE_URL is not set: specs need the PostgreSQL of jest.config.js');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await runSqlAsOwner(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => runSqlAsOwner(server, `drop database if exists ${name} with (force)`) };
}

/** A migrated room in a database of its own, connected as the room's role. */
export async function openTestRoom(
  room: Room,
): Promise<{ database: DataSource; url: string; close(): Promise<void> }> {
  const { url, drop } = await createTestDatabase();
  await migrateRoom(url, schemaOfRoom(room));
  const database = await openRoom(url, schemaOfRoom(room));
  return {
    database,
    url,
    close: async () => {
      await database.destroy();
      await drop();
    },
  };
}

/** Runs SQL of a spec with all rights, as no room could: to take a table away, to stop a database. */
export async function runSqlAsOwner(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
