import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Room } from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { alertingMigrations } from './alerting.migration.js';
import { AlertingModule } from './alerting.module.js';

/** The room of the specs, and somebody who is told. */

export const alertingRoom: Room = {
  name: 'alerting',
  module: AlertingModule,
  schema: { migrations: alertingMigrations },
};

export interface Arrival {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A web server that is told of alerts: `/ok/…` accepts, `/broken/…` answers 500, `/gone/…` 410, `/moved/…` redirects. */
export interface Receiver {
  /** `127.0.0.1:12345` */
  readonly host: string;
  /** What came to a path, in the order of its coming. */
  arrivals(path: string): Arrival[];
  forget(): void;
  stop(): void;
}

const STATUS: Readonly<Record<string, number>> = { ok: 204, broken: 500, gone: 410, moved: 307 };

export async function startReceiver(): Promise<Receiver> {
  let seen: Arrival[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url!;
      seen.push({ path, headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(STATUS[path.split('/')[1]!] ?? 404, { location: '/ok/elsewhere' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    arrivals: (path) => seen.filter((arrival) => arrival.path === path),
    forget: () => (seen = []),
    stop: () => server.close(),
  };
}

/** The reference receiver compares the timestamp with the machine's clock, so that is where the room's clock stands. */
export function startAlertingRoom({ host }: Receiver): Promise<TestRooms> {
  return startTestRooms([alertingRoom], {
    now: new Date().toISOString(),
    settings: { WEBHOOK_ALLOWED_HOSTS: host },
  });
}

/** Subscribes a path of the receiver as ops. */
export async function subscribeTo(
  rooms: TestRooms,
  { host }: Receiver,
  path: string,
  more: Record<string, unknown> = {},
): Promise<{ id: string; secret: string }> {
  const { body, status } = await rooms.call('ops', 'POST', '/v1/alerts/subscriptions', {
    body: { url: `http://${host}${path}`, minSeverity: 'info', ...more },
  });
  if (status !== 201) throw new Error(`not subscribed: ${status} ${JSON.stringify(body)}`);
  return body as { id: string; secret: string };
}

export async function removeSubscriptions(rooms: TestRooms): Promise<void> {
  const { body } = await rooms.call('ops', 'GET', '/v1/alerts/subscriptions');
  for (const { id } of body.items as { id: string }[]) {
    await rooms.call('ops', 'DELETE', `/v1/alerts/subscriptions/${id}`);
  }
}

/** @throws Error when it does not come true within six seconds */
export async function until<Value>(
  read: () => Value | Promise<Value>,
  isTrue: (value: Value) => boolean,
): Promise<Value> {
  for (let tries = 0; tries < 300; tries += 1) {
    const value = await read();
    if (isTrue(value)) return value;
    await sleep(20);
  }
  throw new Error(`never came true: ${JSON.stringify(await read())}`);
}
