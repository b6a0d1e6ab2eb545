import { DataSource, type MigrationInterface } from 'typeorm';
import { ConfigurationError } from '../configuration.js';

/**
 * A room's database: a schema and a role of its own. A room connects with a search path of its schema only and acts as a
 * role that has no rights elsewhere, so "a domain never reads another's tables" is PostgreSQL's word, not a habit. The role
 * owns nothing, therefore row-level security applies to it.
 */

export interface RoomSchema {
  readonly name: string;
  readonly migrations: readonly (new () => MigrationInterface)[];
}

/** Nest token under which a room's `DataSource` is injected. */
export function databaseOf(room: string): string {
  return `database:${room}`;
}

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 60_000;
const LOOKING_TIMEOUT_MS = 600_000;

/** The schema of a room: its name with the dash that SQL identifiers lack. */
export function schemaOf(room: string): string {
  return room.replaceAll('-', '_');
}

export function roleOf(room: string): string {
  return `taxameter_${schemaOf(room)}`;
}

/**
 * Brings a room's schema to the newest migration, as the login of `url`. Processes that start together wait for each other.
 * @throws ConfigurationError when the database is away or the login may not create the schema or the role
 */
export async function migrateRoom(url: string, room: RoomSchema): Promise<void> {
  const schema = schemaOf(room.name);
  const owner = new DataSource({
    ...connection(url, room, `-c search_path=${schema}`),
    migrationsTableName: 'migration',
    migrations: [...room.migrations],
    migrationsTransactionMode: 'each',
    poolSize: 2,
  });
  await connect(owner, url);
  try {
    const lock = owner.createQueryRunner();
    await lock.connect();
    try {
      await lock.query('select pg_advisory_lock(7340002)');
      await createSchemaAndRole(owner, schema, roleOf(room.name));
      await owner.runMigrations();
    } finally {
      await lock.query('select pg_advisory_unlock(7340002)').catch(() => undefined);
      await lock.release();
    }
  } finally {
    await owner.destroy();
  }
}

/** Connects as the room's role. The caller destroys the data source. */
export async function openRoom(url: string, room: RoomSchema): Promise<DataSource> {
  const database = new DataSource({
    ...connection(url, room, `-c search_path=${schemaOf(room.name)} -c role=${roleOf(room.name)}`),
    poolSize: 8,
  });
  await connect(database, url);
  return database;
}

/**
 * The same for one who only looks: PostgreSQL refuses every write, and a statement over whole tables has ten minutes.
 * @throws ConfigurationError when the database is away or nothing was ever started on it
 */
export async function openRoomToLook(url: string, name: string): Promise<DataSource> {
  const options =
    `-c search_path=${schemaOf(name)} -c role=${roleOf(name)} -c default_transaction_read_only=on ` +
    `-c statement_timeout=${LOOKING_TIMEOUT_MS}`;
  const { extra, ...rest } = connection(url, { name, migrations: [] }, options);
  const { statement_timeout: _shorter, ...kept } = extra;
  const database = new DataSource({ ...rest, extra: kept, poolSize: 2 });
  await connect(database, url);
  return database;
}

function connection(url: string, room: RoomSchema, options: string) {
  return {
    type: 'postgres' as const,
    url,
    schema: schemaOf(room.name),
    synchronize: false,
    installExtensions: false,
    parseInt8: true,
    applicationName: `taxameter ${room.name}`,
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    extra: {
      options: `${options} -c TimeZone=UTC`,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
    },
  };
}

async function connect(database: DataSource, url: string): Promise<void> {
  try {
    await database.initialize();
  } catch (error) {
    throw new ConfigurationError(`cannot use the database at ${withoutPassword(url)}: ${reasonOf(error)}`);
  }
}

async function createSchemaAndRole(owner: DataSource, schema: string, role: string): Promise<void> {
  try {
    await createRole(owner, role);
    await owner.query(`create schema if not exists ${schema}`);
    await owner.query(`grant usage on schema ${schema} to ${role}`);
    // Default privileges come before the migrations, so that a migration can take rights away again (append-only tables).
    await owner.query(
      `alter default privileges in schema ${schema} grant select, insert, update, delete on tables to ${role}`,
    );
    await owner.query(`alter default privileges in schema ${schema} grant usage on sequences to ${role}`);
  } catch (error) {
    throw new ConfigurationError(
      `the database login may not prepare the schema ${schema} (${reasonOf(error)}): ` +
        `give it CREATEROLE and CREATE on the database, or create the role ${role} and grant it to the login`,
    );
  }
}

const ROLE_TRIES = 5;

/**
 * Roles belong to the whole server but an advisory lock to one database, so two databases that are migrated at once may
 * create the same role in the same moment. One of them fails ("tuple concurrently updated" is XX000) and looks again.
 */
async function createRole(owner: DataSource, role: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const [found] = await owner.query<{ exists: boolean }[]>(
        'select exists (select from pg_roles where rolname = $1)',
        [role],
      );
      if (!found?.exists) await owner.query(`create role ${role} nologin`);
      await owner.query(`grant ${role} to current_user`);
      return;
    } catch (error) {
      const { code = '' } = error as { code?: string };
      if (tries === ROLE_TRIES || !['23505', '42710', 'XX000'].includes(code)) throw error;
    }
  }
}

/** @internal a connection string that may be shown */
export function withoutPassword(url: string): string {
  const shown = new URL(url);
  return `${shown.hostname}:${shown.port || '5432'}${shown.pathname}`;
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
