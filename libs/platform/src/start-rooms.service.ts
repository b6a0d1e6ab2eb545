import { Global, Module, type DynamicModule, type Provider } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { CLOCK, fixedClock, type Clock } from './clock.js';
import { systemClock } from './clock.service.js';
import { ConfigurationError, type Configuration } from './configuration.js';
import { CONFIGURATION } from './configuration.service.js';
import { ConsumersController } from './consumers/consumers.controller.js';
import { Consumers } from './consumers/consumers.service.js';
import { databaseOf, migrateRoom, openRoom, type RoomSchema } from './database/room-database.service.js';
import { CallBodies1760000006012 } from './event-log/call-bodies.migration.js';
import { EventLog1760000000000 } from './event-log/event-log.migration.js';
import { LogGeneration1760000005000 } from './event-log/log-generation.migration.js';
import { openEventLog, type EventLog } from './event-log/open-event-log.service.js';
import { startRelay, type RelayStatus } from './event-log/outbox.service.js';
import { EVENT_LOG_PRODUCER, type EventLogProducer } from './event-log/record.js';
import { IdempotencyKeyAge1760000007000, IdempotencyKeys1760000001000 } from './http/command.migration.js';
import { API_DOCUMENT, ApiDocumentController } from './http/api-document.controller.js';
import { HealthController } from './http/health.controller.js';
import { openApiDocument } from './http/openapi.js';
import { controllersOf, routesOf } from './http/routes-of.service.js';
import { RoomsElsewhere, type RoomElsewhere } from './http/rooms-elsewhere.service.js';
import { createApplication } from './http/start-http.service.js';
import { SessionController } from './identity/session.controller.js';
import { TokensController } from './identity/tokens.controller.js';
import { IDENTITY_ROOM, Tokens } from './identity/tokens.service.js';
import { createLogger, LOGGER, type Logger } from './logging.service.js';
import type { Loop } from './loop.service.js';
import { startEmbeddedPostgres } from './postgres/embedded-postgres.service.js';
import { Quarantine1760000003000 } from './quarantine/quarantine.migration.js';
import { QuarantineController } from './quarantine/quarantine.controller.js';
import { Quarantine } from './quarantine/quarantine.service.js';
import { startMaintenance } from './retention/maintenance.service.js';
import { Retention1760000004000 } from './retention/retention.migration.js';
import type { Room } from './room.js';
import { System } from './system.service.js';

/** Rooms that run in this process. */
export interface RunningRooms {
  /** `http://127.0.0.1:3000` */
  readonly address: string;
  readonly databaseUrl: string;
  readonly tokens: Tokens;
  readonly system: System;
  readonly clock: Clock;
  readonly producer: EventLogProducer;
  /** The rooms' databases by room, each as the room's own role. */
  readonly databases: ReadonlyMap<string, DataSource>;
  /** Drains the consumers, then the relays, then closes the databases, then stops an embedded PostgreSQL. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly onProgress?: (line: string) => void;
  readonly logger?: Logger;
  /** Rooms that other processes run and whose routes this one answers too, by asking there. */
  readonly elsewhere?: readonly RoomElsewhere[];
}

/**
 * Starts rooms in one process: database (embedded unless `DATABASE_URL` is set), migrations, event log, consumers, HTTP.
 * What was started before a failure is stopped again.
 * @throws ConfigurationError or PostgresStartError with one sentence that says what to do
 */
export async function startRooms(
  rooms: readonly Room[],
  configuration: Configuration,
  options: StartOptions = {},
): Promise<RunningRooms> {
  const cleanUps: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp().catch(() => undefined);
  };
  try {
    return await start(rooms, configuration, options, cleanUps, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(
  rooms: readonly Room[],
  configuration: Configuration,
  options: StartOptions,
  cleanUps: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<RunningRooms> {
  const progress = options.onProgress ?? (() => undefined);
  const logger = options.logger ?? createLogger(configuration.LOG_LEVEL);
  const clock = configuration.FIXED_CLOCK ? fixedClock(configuration.FIXED_CLOCK) : systemClock;

  let databaseUrl = configuration.DATABASE_URL;
  if (databaseUrl === undefined) {
    progress(`starting PostgreSQL in ${configuration.DATA_DIR}`);
    const postgres = await startEmbeddedPostgres({ folder: configuration.DATA_DIR, onProgress: progress });
    cleanUps.push(() => postgres.stop());
    databaseUrl = postgres.url;
  }
  progress('bringing the schemas up to date');
  const databases = await openDatabases(databaseUrl, rooms, cleanUps);
  const identity = await openDatabase(databaseUrl, { ...IDENTITY_ROOM }, cleanUps);
  const tokens = new Tokens(identity, clock);
  const log = await openEventLog({ configuration, databaseUrl, databases, clock, logger });
  cleanUps.push(() => log.close());
  const elsewhere = new RoomsElsewhere(options.elsewhere ?? []);
  const relayStatuses = [...databases.keys()].map((room) => ({ room, tryingSinceMs: null, reason: null }));
  const system = new System(databases, rooms, log.statuses, log, clock, relayStatuses);
  const { subscriptionTo } = log;
  const consumers = new Consumers({ databases, log, tokens, clock });
  const quarantine = new Quarantine({ databases, subscriptionTo, tokens, clock, logger });

  const root = rootModule(rooms, databases, [
    { provide: CONFIGURATION, useValue: configuration },
    { provide: CLOCK, useValue: clock },
    { provide: LOGGER, useValue: logger },
    { provide: EVENT_LOG_PRODUCER, useValue: log.producer },
    { provide: Tokens, useValue: tokens },
    { provide: System, useValue: system },
    { provide: RoomsElsewhere, useValue: elsewhere },
    { provide: Quarantine, useValue: quarantine },
    { provide: Consumers, useValue: consumers },
    {
      provide: API_DOCUMENT,
      useValue: apiDocumentOf([...rooms, ...(options.elsewhere ?? []).map(({ room }) => room)]),
    },
  ]);
  const app = await createApplication(root, log.strategy, tokens, elsewhere, { logger, configuration });
  const relays = startRelays(relayStatuses, databases, log, logger);
  cleanUps.push(() => Promise.all(relays.map((relay) => relay.stop())));
  const maintenance = rooms.flatMap(({ name, partitioned = [] }) => {
    const database = databases.get(name);
    return database ? [startMaintenance({ room: name, database, partitioned, log, clock, logger })] : [];
  });
  cleanUps.push(() => Promise.all(maintenance.map((loop) => loop.stop())));
  cleanUps.push(() => app.close());
  await app.startAllMicroservices();
  await listen(() => app.listen(configuration.PORT, configuration.HOST), configuration);
  const { port } = app.getHttpServer().address() as { port: number };
  const host = configuration.HOST.includes(':') ? `[${configuration.HOST}]` : configuration.HOST;
  return {
    address: `http://${host}:${port}`,
    databaseUrl,
    tokens,
    system,
    clock,
    producer: log.producer,
    databases,
    stop,
  };
}

async function openDatabases(url: string, rooms: readonly Room[], cleanUps: (() => Promise<unknown>)[]) {
  const databases = new Map<string, DataSource>();
  for (const room of rooms) {
    if (room.schema) databases.set(room.name, await openDatabase(url, schemaOfRoom(room), cleanUps));
  }
  return databases;
}

/** A room's own migrations after those that every room has: event log, outbox, idempotency keys, quarantine, retention, decisions at gaps. */
export function schemaOfRoom(room: Room): RoomSchema {
  return {
    name: room.name,
    migrations: [
      EventLog1760000000000,
      IdempotencyKeys1760000001000,
      Quarantine1760000003000,
      Retention1760000004000,
      LogGeneration1760000005000,
      CallBodies1760000006012,
      IdempotencyKeyAge1760000007000,
      ...(room.schema?.migrations ?? []),
    ],
  };
}

async function openDatabase(
  url: string,
  schema: RoomSchema,
  cleanUps: (() => Promise<unknown>)[],
): Promise<DataSource> {
  await migrateRoom(url, schema);
  const database = await openRoom(url, schema);
  cleanUps.push(() => database.destroy());
  return database;
}

const PLATFORM_CONTROLLERS = [
  HealthController,
  SessionController,
  TokensController,
  QuarantineController,
  ConsumersController,
  ApiDocumentController,
];

/** Version of the HTTP interface as the OpenAPI document states it. */
const API_VERSION = '1.0.0';

/** The OpenAPI document of these rooms and of what every process answers. */
export function apiDocumentOf(rooms: readonly Room[]): Record<string, unknown> {
  const controllers = [...PLATFORM_CONTROLLERS, ...rooms.flatMap((room) => controllersOf(room.module))];
  return openApiDocument(routesOf(controllers), API_VERSION);
}

@Global()
@Module({})
class PlatformModule {}

@Module({})
class ProcessModule {}

function rootModule(
  rooms: readonly Room[],
  databases: ReadonlyMap<string, DataSource>,
  shared: Provider[],
): DynamicModule {
  const providers: Provider[] = [
    ...shared,
    ...[...databases].map(([room, database]) => ({ provide: databaseOf(room), useValue: database })),
  ];
  const tokens = providers.map((provider) => (provider as { provide: string | symbol }).provide);
  const platform: DynamicModule = {
    module: PlatformModule,
    providers,
    exports: tokens,
    controllers: PLATFORM_CONTROLLERS,
  };
  return { module: ProcessModule, imports: [platform, ...rooms.map((room) => room.module)] };
}

function startRelays(
  statuses: readonly RelayStatus[],
  databases: ReadonlyMap<string, DataSource>,
  log: EventLog,
  logger: Logger,
): Loop[] {
  return statuses.map((status) => startRelay(status, databases.get(status.room)!, log.producer, logger));
}

async function listen(open: () => Promise<unknown>, configuration: Configuration): Promise<void> {
  try {
    await open();
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const where = `${configuration.HOST}:${configuration.PORT}`;
    if (code === 'EADDRINUSE') {
      throw new ConfigurationError(
        `port ${configuration.PORT} is in use: stop what listens on ${where}, or set PORT`,
      );
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
      throw new ConfigurationError(
        `cannot listen on ${where} (${code}): set HOST and PORT to an address of this machine`,
      );
    }
    throw new ConfigurationError(`cannot listen on ${where}: ${message}`);
  }
}
