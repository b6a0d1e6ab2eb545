import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  breachEscalated,
  breachOpened,
  TOPICS,
  type Breach,
  type BreachOpenedEvent,
  type Severity,
} from '@taxameter/contracts';
import { partitionForKey, STRUCTURED_CONTENT_TYPE, type Room } from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { SMTPServer } from 'smtp-server';
import { alertingMigrations } from './alerting.migration.js';
import { AlertingModule } from './alerting.module.js';
import { sampleBreach } from './alerts/notification.js';

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
export function startAlertingRoom(
  { host }: Pick<Receiver, 'host'>,
  settings: Record<string, string> = {},
): Promise<TestRooms> {
  return startTestRooms([alertingRoom], {
    now: new Date().toISOString(),
    settings: { WEBHOOK_ALLOWED_HOSTS: host, ...settings },
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

let breaches = 0;
export const newBreachId = () => `br_${(breaches += 1)}`;

export type BreachEvent = Omit<BreachOpenedEvent, 'type'> & { readonly type: string };

/** A fact about a breach, as of the clock of the rooms: opened where it is the first version, else grown worse. */
export function breachFact(
  { clock }: TestRooms,
  breachId: string,
  version: number,
  severity: Severity,
  more: { integrationId?: string; data?: Partial<Breach>; type?: string } = {},
): BreachEvent {
  const sample = sampleBreach(severity, clock.now());
  const type = more.type ?? (version === 1 ? breachOpened : breachEscalated).type;
  const data: Breach = {
    ...sample,
    breachId,
    version,
    scope: { ...sample.scope, integrationId: more.integrationId ?? 'isv_a' },
    ...more.data,
  };
  const time = clock.now().toISOString();
  const id = `${type}/${breachId}/${version}`;
  return { specversion: '1.0', id, source: '/fair-use', type, time, data };
}

/** Appends facts and waits until the rooms have read them. */
export async function publishBreaches(rooms: TestRooms, ...events: BreachEvent[]): Promise<void> {
  const topic = TOPICS.breaches;
  await rooms.producer.append(
    events.map((event) => ({
      topic: topic.name,
      partition: partitionForKey(event.data.breachId, topic.partitions),
      key: event.data.breachId,
      headers: { 'content-type': STRUCTURED_CONTENT_TYPE },
      value: new TextEncoder().encode(JSON.stringify(event)),
    })),
  );
  await rooms.settle();
}

export interface Letter {
  readonly to: readonly string[];
  readonly raw: string;
}

/** A real SMTP server that keeps what it is given; a mailbox named `broken` is refused. */
export interface MailServer {
  readonly settings: Record<string, string>;
  letters(to: string): Letter[];
  stop(): Promise<void>;
}

export async function startMailServer(): Promise<MailServer> {
  const seen: Letter[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith('broken@')
        ? done(Object.assign(new Error('no such user'), { responseCode: 550 }))
        : done(),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        seen.push({ to, raw: Buffer.concat(chunks).toString() });
        done();
      });
    },
  });
  const server = smtp.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    settings: { SMTP_URL: `smtp://127.0.0.1:${port}`, MAIL_FROM: 'alarm@taxameter.example' },
    letters: (to) => seen.filter((letter) => letter.to.includes(to)),
    stop: () => new Promise<void>((resolve) => smtp.close(() => resolve())),
  };
}
