import { apiCallKey, TOPICS } from '@taxameter/contracts';
import { importAccessLog } from '@taxameter/emitter';
import { applySeed, parseSeed } from '@taxameter/partners';
import { createTopics, fixedClock, issueBootstrapToken, partitionForKey } from '@taxameter/platform';
import { createTestDatabase, describeWithKafka, type TestDatabase } from '@taxameter/platform/testing';
import { ALL_ROOMS } from '@taxameter/server';
import { Kafka, logLevel } from 'kafkajs';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DEMO } from '../services/cli/src/demo/demo-inputs.service.js';
import { settled } from '../services/cli/src/demo/load-demo.service.js';
import { mainJob } from '../services/cli/src/demo/main-job.service.js';
import {
  startWebhookReceiver,
  type WebhookReceiver,
} from '../services/cli/src/demo/webhook-receiver.service.js';
import { ROOT, service, taxameter, temporaryFolder, type Running } from './command-line.js';

/** The demo's job by a process per room over Kafka, asked at one address, against the same job in one process. */

const ROOMS = ALL_ROOMS.map(({ name }) => name);
const START_MS = 120_000;

interface Access {
  readonly url: string;
  readonly token: string;
}

interface CloudEvent {
  readonly data: { readonly messageId: string } & Parameters<typeof apiCallKey>[0];
}

/** As a platform does that has Kafka: each event into the topic, by the key that the documents name. */
async function produce(
  brokers: string,
  prefix: string,
  topic: { name: string; partitions: number },
  lines: readonly { key: string; event: unknown }[],
): Promise<void> {
  const producer = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  await producer.send({
    topic: prefix + topic.name,
    messages: lines.map(({ key, event }) => ({
      key,
      partition: partitionForKey(key, topic.partitions),
      value: JSON.stringify(event),
      headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8' },
      timestamp: String(Date.parse(DEMO.clock)),
    })),
  });
  await producer.disconnect();
}

async function addressOf(running: Running): Promise<string> {
  return / on (http:\S+)/.exec(await running.shows(/ on http:\S+\n/))![1]!;
}

async function untilReady(address: string): Promise<void> {
  for (const deadline = Date.now() + START_MS; ;) {
    const response = await fetch(`${address}/health/ready`);
    if (response.ok) return;
    if (Date.now() > deadline) throw new Error(`${address} is not ready: ${await response.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describeWithKafka('a process for each room, over Kafka', (brokers) => {
  const prefix = `rooms-${randomBytes(4).toString('hex')}.`;
  const processes = new Map<string, Running>();
  const addresses = new Map<string, string>();
  let database: TestDatabase;
  let receiver: WebhookReceiver;
  let folder: string;
  let access: Access;

  beforeAll(async () => {
    // The system's clock stands in the past: the log's time is its producer's, and no record is deleted by its age.
    const settings = { 'message.timestamp.type': 'CreateTime', 'retention.ms': '-1' };
    await createTopics({ brokers: brokers().split(','), prefix, settings });
    database = await createTestDatabase();
    receiver = await startWebhookReceiver(() => Date.parse(DEMO.clock) / 1000);
    folder = temporaryFolder('rooms');
    const env = {
      DATABASE_URL: database.url,
      KAFKA_BROKERS: brokers(),
      TOPIC_PREFIX: prefix,
      PORT: '0',
      FIXED_CLOCK: DEMO.clock,
      WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
      ALLOWED_SMS_COUNTRIES: 'DK',
      GRACE_HOURS: '72',
      SELLER_FILE: DEMO.seller,
    };
    // All at once into an empty database, as containers come up.
    const others = ROOMS.filter((name) => name !== 'console');
    for (const name of others) processes.set(name, service(name, env));
    for (const name of others) addresses.set(name, await addressOf(processes.get(name)!));
    const ROOM_URLS = others.map((name) => `${name}=${addresses.get(name)}`).join(',');
    processes.set('console', service('console', { ...env, ROOM_URLS }));
    addresses.set('console', await addressOf(processes.get('console')!));
    await Promise.all([...addresses.values()].map(untilReady));
    const token = await issueBootstrapToken(database.url, fixedClock(new Date(DEMO.clock)));
    access = { url: addresses.get('console')!, token };
  }, START_MS);

  afterAll(async () => {
    for (const { child } of processes.values()) child.kill('SIGKILL');
    await Promise.all([...processes.values()].map(({ finished }) => finished));
    await receiver?.close();
    await database?.drop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const ask = (path: string, headers: Record<string, string> = {}) =>
    fetch(access.url + path, { headers: { authorization: `Bearer ${access.token}`, ...headers } });

  /** The API log by the HTTP door, the SMS straight into their topic. */
  async function load(door: Access): Promise<void> {
    await applySeed(parseSeed(readFileSync(DEMO.seed, 'utf8')), door, () => undefined);
    await importAccessLog({ file: DEMO.accessLog, door, shiftTo: DEMO.shiftLogTo });
    const events = readFileSync(DEMO.smsEvents, 'utf8').trim().split('\n');
    await produce(
      brokers(),
      prefix,
      TOPICS.smsSent,
      events.map((line) => {
        const event = JSON.parse(line) as CloudEvent;
        return { key: event.data.messageId, event };
      }),
    );
    await settled(door);
  }

  it('gives the summary.json of one process without Kafka, byte by byte', async () => {
    const [separate, alone] = [join(folder, 'separate'), join(folder, 'alone')];
    mkdirSync(join(separate, 'invoices'), { recursive: true });
    const { alertsArrived } = await mainJob(access, receiver, separate, () => undefined, load);
    const { code, stderr } = await taxameter(['demo', '--folder', alone]).finished;
    expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
    const summaryIn = (place: string) => readFileSync(join(place, 'summary.json'), 'utf8');
    expect(JSON.parse(summaryIn(separate))).toEqual(JSON.parse(summaryIn(alone)));
    expect(summaryIn(separate)).toBe(summaryIn(alone));
    expect(alertsArrived).toBe(true);
  }, 180_000);

  it('counts none of these calls again when another producer writes them into Kafka', async () => {
    const usage = async () =>
      (await (await ask('/v1/usage/summary?from=2026-10-01&to=2026-10-06')).json()) as { totals: object };
    const before = await usage();
    const calls = await callsOfTheLog();
    await produce(
      brokers(),
      prefix,
      TOPICS.apiCalls,
      calls.map((event) => ({ key: apiCallKey(event.data), event })),
    );
    await settled(access);
    const { partitions } = (await (await ask('/v1/accounting')).json()) as {
      partitions: { room: string; topic: string; duplicate: number }[];
    };
    const duplicates = partitions
      .filter(({ room, topic }) => room === 'metering' && topic === TOPICS.apiCalls.name)
      .reduce((sum, { duplicate }) => sum + duplicate, 0);
    expect([calls.length, duplicates]).toEqual([1017, 1017]);
    expect((await usage()).totals).toEqual(before.totals);
  }, 90_000);

  it('has the page, the whole API and the live stream at the address of the console', async () => {
    expect(await (await ask('/')).text()).toContain('<title>');
    const paths = async (text: Promise<string>) =>
      Object.keys((JSON.parse(await text) as { paths: object }).paths);
    expect((await paths((await ask('/v1/openapi.json')).text())).sort()).toEqual(
      (await paths(Promise.resolve(readFileSync(join(ROOT, 'docs/api/openapi.json'), 'utf8')))).sort(),
    );
    const stream = await ask('/v1/alerts/stream', { 'last-event-id': '0' });
    let heard = '';
    for await (const chunk of stream.body!) {
      heard += new TextDecoder().decode(chunk as Uint8Array);
      if (heard.includes('event: breach')) break;
    }
    expect(heard).toContain('event: breach');
  }, 30_000);

  it('names the room that is gone, and answers for the others', async () => {
    const metering = processes.get('metering')!;
    metering.child.kill('SIGTERM');
    expect((await metering.finished).code).toBe(0);
    const usage = await ask('/v1/usage/summary?from=2026-10-01&to=2026-10-06');
    expect([usage.status, await usage.text()]).toEqual([503, expect.stringContaining('metering at http')]);
    expect((await ask('/v1/accounting')).status).toBe(503);
    expect((await ask('/v1/breaches')).status).toBe(200);
  }, 30_000);

  it('stops each process politely', async () => {
    for (const { child } of processes.values()) child.kill('SIGTERM');
    const ends = await Promise.all([...processes.values()].map(({ finished }) => finished));
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(ends.map(() => [0, '']));
  }, 60_000);

  /** The events that the importer makes of the demo's log, taken at a door that keeps nothing. */
  async function callsOfTheLog(): Promise<CloudEvent[]> {
    const taken: CloudEvent[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const events = JSON.parse(Buffer.concat(chunks).toString()) as CloudEvent[];
        taken.push(...events);
        response
          .writeHead(202, { 'content-type': 'application/json' })
          .end(JSON.stringify({ accepted: events.length, rejected: [] }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    try {
      const door = { url: `http://127.0.0.1:${port}`, token: 'none' };
      await importAccessLog({ file: DEMO.accessLog, door, shiftTo: DEMO.shiftLogTo });
      return taken;
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }
});
