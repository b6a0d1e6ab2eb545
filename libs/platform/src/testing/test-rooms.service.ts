import { setTimeout as sleep } from 'node:timers/promises';
import type { NewToken } from '../identity/tokens.service.js';
import { parseConfiguration } from '../configuration.js';
import type { Role } from '../database/actor.js';
import type { RoomElsewhere } from '../http/rooms-elsewhere.service.js';
import type { Logger } from '../logging.service.js';
import type { Room } from '../room.js';
import { startRooms, type RunningRooms } from '../start-rooms.service.js';
import { createTestDatabase } from './test-database.service.js';

/** Rooms running for a spec: real PostgreSQL, real HTTP on a free port, a clock that stands still. */
export interface TestRooms extends RunningRooms {
  /** Calls a route as somebody with this role and gives status, headers and parsed JSON (or bytes). */
  call(role: Role | 'anonymous', method: string, path: string, options?: TestCall): Promise<TestAnswer>;
  /** From now on the clock of these rooms stands still at another instant. */
  moveClock(to: string): void;
  token(token: Omit<NewToken, 'name'>): Promise<string>;
  /** Waits until every record is read and every fact is sent on. @param withinMs default: 20 s */
  settle(withinMs?: number): Promise<void>;
}

export interface TestCall {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly partnerId?: string;
}

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are looked into freely by specs
  readonly body: any;
  readonly bytes: Uint8Array;
}

const SETTLE_MS = 20_000;

export async function startTestRooms(
  rooms: readonly Room[],
  options: {
    now?: string;
    settings?: Record<string, string>;
    /** The database of other test rooms: a second process beside them. It is not dropped with these. */
    databaseUrl?: string;
    logger?: Logger;
    elsewhere?: readonly RoomElsewhere[];
  } = {},
): Promise<TestRooms> {
  const { url, drop } =
    options.databaseUrl === undefined
      ? await createTestDatabase()
      : { url: options.databaseUrl, drop: () => Promise.resolve() };
  const configuration = parseConfiguration({
    DATABASE_URL: url,
    PORT: '0',
    LOG_LEVEL: 'fatal',
    FIXED_CLOCK: options.now ?? '2026-10-05T08:00:00Z',
    ...options.settings,
  });
  const { logger, elsewhere } = options;
  const running = await startRooms(rooms, configuration, {
    ...(logger && { logger }),
    ...(elsewhere && { elsewhere }),
  });
  // Promises, so that calls made at once as the same role share one token and are one actor.
  const secrets = new Map<string, Promise<string>>();

  const token = async (wanted: Omit<NewToken, 'name'>) => {
    const name = `${wanted.role} ${wanted.partnerId ?? ''}`;
    const known = secrets.get(name) ?? running.tokens.issue({ ...wanted, name }).then(({ secret }) => secret);
    secrets.set(name, known);
    return known;
  };

  const call: TestRooms['call'] = async (role, method, path, { body, headers = {}, partnerId } = {}) => {
    const authorization =
      role === 'anonymous'
        ? {}
        : {
            authorization: `Bearer ${await token(role === 'partner' ? { role, partnerId: partnerId ?? 'none' } : { role })}`,
          };
    const isText = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(running.address + path, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...authorization,
        ...headers,
      },
      ...(body !== undefined && { body: isText ? (body as string) : JSON.stringify(body) }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const isJson = response.headers.get('content-type')?.includes('json') ?? false;
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && bytes.length > 0 ? (JSON.parse(new TextDecoder().decode(bytes)) as unknown) : undefined,
      bytes,
    };
  };

  const settle = async (withinMs = SETTLE_MS) => {
    const deadline = Date.now() + withinMs;
    let quiet = 0;
    while (Date.now() < deadline) {
      const { partitions, outbox } = await running.system.accounting();
      const waiting = [
        ...partitions.map((partition) => partition.lag),
        ...outbox.map((room) => room.waiting),
      ];
      quiet = waiting.every((count) => count === 0) ? quiet + 1 : 0;
      if (quiet >= 2) return;
      await sleep(30);
    }
    throw new Error(`still not settled: ${JSON.stringify(await running.system.accounting())}`);
  };

  return {
    ...running,
    call,
    // The clock reads this instant whenever it is asked.
    moveClock: (to) => void configuration.FIXED_CLOCK!.setTime(Date.parse(to)),
    token,
    settle,
    stop: async () => {
      await running.stop();
      await drop();
    },
  };
}
