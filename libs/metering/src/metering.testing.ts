import type { Room } from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { recordOf, type AnyEvent } from './events.testing.js';
import { meteringAuditors } from './counters/auditors.js';
import { meteringPartitions } from './counters/usage-months.service.js';
import { meteringMigrations } from './metering.migration.js';
import { MeteringModule } from './metering.module.js';

/** The metering room on a real database, as its specs use it. */
export interface TestMetering {
  readonly rooms: TestRooms;
  /** Puts events into the log and waits until they are counted. */
  count(...events: AnyEvent[]): Promise<void>;
  /** Reads as the room's own role. */
  sql<Row>(text: string, parameters?: unknown[]): Promise<Row[]>;
  /** `GET /v1/usage`, as ops or as a partner. */
  usage(query: Record<string, string>, partnerId?: string): ReturnType<TestRooms['call']>;
}

/** The room as a process runs it. */
export const meteringRoom: Room = {
  name: 'metering',
  module: MeteringModule,
  schema: { migrations: meteringMigrations },
  auditors: meteringAuditors,
  partitioned: meteringPartitions,
};

/** With the database of others it is a second process beside them. */
export async function startMetering(
  options: { now?: string; databaseUrl?: string } = {},
): Promise<TestMetering> {
  const rooms = await startTestRooms([meteringRoom], { now: '2026-10-05T08:00:00Z', ...options });
  return {
    rooms,
    count: async (...events) => {
      await rooms.producer.append(events.map(recordOf));
      await rooms.settle();
    },
    sql: async (text, parameters = []) => rooms.databases.get('metering')!.query(text, parameters),
    usage: async (query, partnerId) => {
      const path = `/v1/usage?${new URLSearchParams(query).toString()}`;
      return partnerId === undefined
        ? rooms.call('ops', 'GET', path)
        : rooms.call('partner', 'GET', path, { partnerId });
    },
  };
}
