import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Module } from '@nestjs/common';
import { Webhook } from 'standardwebhooks';
import type { DataSource } from 'typeorm';
import type { Clock } from '../clock.js';
import { createLogger } from '../logging.service.js';
import type { Loop } from '../loop.service.js';
import { openTestRoom } from '../testing/index.js';
import { deliveriesAbout, enqueueDelivery, newestDeliveriesTo } from './deliveries.service.js';
import { MAX_IN_FLIGHT_PER_TARGET, startDeliveries, type Channel } from './delivery-worker.service.js';
import { Outbound1760000002000 } from './outbound.migration.js';
import { newWebhookSecret, signWebhook, webhookChannel, type WebhookOptions } from './webhook.service.js';

@Module({})
class Nothing {}

let now: Date;
const clock: Clock = { now: () => new Date(now.getTime()) };
const advance = (milliseconds: number) => (now = new Date(now.getTime() + milliseconds));

let database: DataSource;
let close: () => Promise<void>;
let loops: Loop[] = [];
const logger = createLogger('silent');

beforeAll(async () => {
  ({ database, close } = await openTestRoom({
    name: 'sender',
    module: Nothing,
    schema: { migrations: [Outbound1760000002000] },
  }));
});

beforeEach(() => {
  // The reference receiver compares the timestamp with the machine's clock.
  now = new Date();
});

afterEach(async () => {
  await Promise.all(loops.map((loop) => loop.stop()));
  loops = [];
  await database.query(
    "update outbound_delivery set state = 'failed', next_attempt_at = null, lease_until = null",
  );
});

afterAll(() => close());

let subjects = 0;
async function enqueue(target = 'someone', dedupKey?: string) {
  const subject = `subject ${(subjects += 1)}`;
  const id = await database.transaction((tx) =>
    enqueueDelivery(tx, clock, {
      channel: 'webhook',
      target,
      subject,
      dedupKey: dedupKey ?? subject,
      payload: '{"type":"x","data":{"text":"æøå 🙂"}}',
    }),
  );
  return { id, status: async () => (await deliveriesAbout(database.manager, [subject]))[0]! };
}

function start(channel: Channel, more: Partial<Parameters<typeof startDeliveries>[0]> = {}): Loop {
  const loop = startDeliveries({
    room: 'sender',
    database,
    clock,
    logger,
    channels: { webhook: channel },
    idleMs: 10,
    timeoutMs: 2_000,
    ...more,
  });
  loops.push(loop);
  return loop;
}

async function until<Value>(read: () => Promise<Value>, isTrue: (value: Value) => boolean): Promise<Value> {
  for (let tries = 0; tries < 300; tries += 1) {
    const value = await read();
    if (isTrue(value)) return value;
    await sleep(20);
  }
  throw new Error(`never came true: ${JSON.stringify(await read())}`);
}

const delivered = { outcome: 'delivered', status: 200, detail: '', retryAfterMs: null } as const;
const refused = { outcome: 'retry', status: 500, detail: 'no', retryAfterMs: null } as const;

describe('deliveries', () => {
  it('sends what was put in and records the attempt', async () => {
    const delivery = await enqueue();
    start({ send: async () => delivered });
    const status = await until(delivery.status, ({ state }) => state === 'delivered');
    expect(status.attempts).toMatchObject([{ number: 1, outcome: 'delivered', status: 200, at: now }]);
    expect(status.nextAttemptAt).toBeNull();
  });

  it('does not send what was put in by a transaction that rolled back', async () => {
    let sent = 0;
    start({ send: async () => ((sent += 1), delivered) });
    await database
      .transaction(async (tx) => {
        const more = { channel: 'webhook', target: 'a', subject: 'b', dedupKey: 'c', payload: '{}' };
        await enqueueDelivery(tx, clock, more);
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    await sleep(100);
    expect(sent).toBe(0);
  });

  it('makes one delivery of the same key for the same target', async () => {
    const first = await enqueue('double', 'key');
    const second = await enqueue('double', 'key');
    const other = await enqueue('another', 'key');
    expect([first.id, second.id, other.id]).toEqual([expect.any(String), null, expect.any(String)]);
  });

  it('waits for the schedule after a failure, and stands still while the clock does', async () => {
    const delivery = await enqueue();
    let answer: typeof delivered | typeof refused = refused;
    const ids: string[] = [];
    start({ send: async ({ id }) => (ids.push(id), answer) });
    await until(delivery.status, ({ attempts }) => attempts.length === 1);
    answer = delivered;
    await sleep(100);
    expect((await delivery.status()).attempts).toHaveLength(1);
    advance(5_600);
    const status = await until(delivery.status, ({ state }) => state === 'delivered');
    expect(status.attempts.map((attempt) => attempt.outcome)).toEqual(['retry', 'delivered']);
    expect(new Set(ids)).toEqual(new Set([delivery.id]));
  });

  it('gives up after ten attempts', async () => {
    const delivery = await enqueue();
    start({ send: async () => refused });
    for (let number = 1; number <= 10; number += 1) {
      await until(delivery.status, ({ attempts }) => attempts.length === number);
      advance(27 * 3_600_000);
    }
    expect(await until(delivery.status, ({ state }) => state !== 'pending')).toMatchObject({
      state: 'failed',
    });
  });

  it('records a channel that throws as a failed attempt and does not stop', async () => {
    const delivery = await enqueue();
    start({
      send: async () => {
        throw new Error('line one\r\nline\u0000 two \ud800');
      },
    });
    const status = await until(delivery.status, ({ attempts }) => attempts.length === 1);
    expect(status.attempts[0]).toMatchObject({ outcome: 'retry', detail: 'line one line  two  ' });
  });

  it('does not wait longer than the time limit for a channel that never answers', async () => {
    const delivery = await enqueue();
    start({ send: () => new Promise(() => undefined) }, { timeoutMs: 50 });
    const status = await until(delivery.status, ({ attempts }) => attempts.length === 1);
    expect(status.attempts[0]!.detail).toBe('no answer within 50 ms');
    expect(status.state).toBe('pending');
  });

  it('keeps at most two on their way to one target over two processes, while another target is served', async () => {
    let running = 0;
    let most = 0;
    const channel: Channel = {
      send: async ({ target }) => {
        if (target === 'other') return delivered;
        most = Math.max(most, (running += 1));
        await sleep(30);
        running -= 1;
        return delivered;
      },
    };
    const slow = await Promise.all(Array.from({ length: 12 }, () => enqueue('slow')));
    const other = await enqueue('other');
    start(channel);
    start(channel);
    await until(other.status, ({ state }) => state === 'delivered');
    for (const delivery of slow) await until(delivery.status, ({ state }) => state === 'delivered');
    expect(most).toBe(MAX_IN_FLIGHT_PER_TARGET);
  });

  it('sends again when a lease ran out, and lets only the newer attempt decide', async () => {
    const delivery = await enqueue();
    let release: () => void = () => undefined;
    let calls = 0;
    start({
      send: () => {
        calls += 1;
        if (calls === 1) return new Promise((resolve) => (release = () => resolve(delivered)));
        return Promise.resolve(refused);
      },
    });
    await until(
      async () => calls,
      (count) => count === 1,
    );
    advance(61_000);
    await until(
      async () => calls,
      (count) => count === 2,
    );
    await until(delivery.status, ({ attempts }) => attempts.length === 1);
    release();
    const status = await until(delivery.status, ({ attempts }) => attempts.length === 2);
    expect(status).toMatchObject({ state: 'pending', attempts: [{ number: 1 }, { number: 2 }] });
  });

  it('stops although a channel hangs, and records that', async () => {
    const delivery = await enqueue();
    let calls = 0;
    const loop = start({ send: () => ((calls += 1), new Promise(() => undefined)) }, { timeoutMs: 60_000 });
    await until(
      async () => calls,
      (count) => count === 1,
    );
    await loop.stop();
    expect((await delivery.status()).attempts).toMatchObject([
      { detail: 'the process stopped before an answer came' },
    ]);
  });

  it('lets nobody change or delete an attempt', async () => {
    await expect(database.query('delete from outbound_attempt')).rejects.toThrow(/permission denied/);
    await expect(database.query('update outbound_attempt set status = 200')).rejects.toThrow(
      /permission denied/,
    );
  });
});

interface Seen {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('webhook', () => {
  let receiver: Server;
  let address: string;
  let seen: Seen[];
  let reply: (response: ServerResponse, count: number) => void;
  const secrets = [newWebhookSecret(), newWebhookSecret()];

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
        reply(response, seen.length);
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    address = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    receiver.closeAllConnections();
    receiver.close();
  });

  beforeEach(() => {
    seen = [];
    reply = (response) => response.end();
  });

  const channel = (more: Partial<WebhookOptions> = {}, url = `http://${address}/hook`) =>
    webhookChannel({ endpointOf: async () => ({ url, secrets }), clock, allowedHosts: [address], ...more });

  const firstAttempt = async (delivery: Awaited<ReturnType<typeof enqueue>>) =>
    until(delivery.status, ({ attempts }) => attempts.length === 1);

  it('signs as the Standard Webhooks test vector says', () => {
    const body =
      '{"type":"fairuse.breach.opened","timestamp":"2026-09-21T14:13:20Z","data":{"breachId":"br_1"}}';
    expect(
      signWebhook('msg_test_0001', 1_790_000_000, body, [
        'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=',
      ]),
    ).toBe('v1,52+VFVWzl7/mn9SN9joPd154GRKI/9fevoBCYIvVGeQ=');
  });

  it('is accepted by the reference receiver under each active secret, and refused when a byte is altered', async () => {
    const delivery = await enqueue();
    start(channel());
    await until(delivery.status, ({ state }) => state === 'delivered');
    const { headers, body } = seen[0]!;
    expect(headers['webhook-id']).toBe(delivery.id);
    for (const secret of secrets) {
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
        type: 'x',
      });
    }
    const altered = body.replace('x', 'y');
    expect(() => new Webhook(secrets[0]!).verify(altered, headers as Record<string, string>)).toThrow();
    expect(() => new Webhook(newWebhookSecret()).verify(body, headers as Record<string, string>)).toThrow();
  });

  it('signs a second attempt with its own time under the same id', async () => {
    reply = (response, count) =>
      response.writeHead(count === 1 ? 500 : 200).end(count === 1 ? 'out of order' : '');
    const delivery = await enqueue();
    start(channel());
    expect((await firstAttempt(delivery)).attempts[0]!.detail).toBe('answered 500: out of order');
    advance(6_000);
    await until(delivery.status, ({ state }) => state === 'delivered');
    const [first, second] = seen.map(({ headers }) => headers);
    expect(second!['webhook-id']).toBe(first!['webhook-id']);
    expect(Number(second!['webhook-timestamp'])).toBe(Number(first!['webhook-timestamp']) + 6);
    expect(() =>
      new Webhook(secrets[0]!).verify(seen[1]!.body, second as Record<string, string>),
    ).not.toThrow();
  });

  it('ends an attempt when the receiver hangs', async () => {
    reply = () => undefined;
    const delivery = await enqueue();
    start(channel(), { timeoutMs: 100 });
    expect((await firstAttempt(delivery)).attempts[0]).toMatchObject({ outcome: 'retry', status: null });
  });

  it('does not follow a redirect', async () => {
    reply = (response) => response.writeHead(302, { location: `http://${address}/elsewhere` }).end();
    const delivery = await enqueue();
    start(channel());
    expect((await firstAttempt(delivery)).attempts[0]).toMatchObject({ outcome: 'retry', status: 302 });
    expect(seen).toHaveLength(1);
  });

  it('reads four kilobytes of an endless answer and no more', async () => {
    reply = (response) => {
      response.writeHead(400);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    };
    const delivery = await enqueue();
    start(channel());
    const { attempts } = await firstAttempt(delivery);
    expect(attempts[0]).toMatchObject({ status: 400 });
    expect(attempts[0]!.detail.length).toBeLessThan(400);
  });

  it('takes a success for one although its body never ends', async () => {
    reply = (response) => void response.writeHead(200).write('to be continued');
    const delivery = await enqueue();
    start(channel());
    await until(delivery.status, ({ state }) => state === 'delivered');
  });

  it('waits as long as a busy receiver asks', async () => {
    reply = (response) => response.writeHead(429, { 'retry-after': '600' }).end();
    const delivery = await enqueue();
    start(channel());
    expect((await firstAttempt(delivery)).nextAttemptAt).toEqual(new Date(now.getTime() + 600_000));
  });

  it('disables a target that answers 410 and tells the room in the same transaction', async () => {
    reply = (response) => response.writeHead(410).end();
    const delivery = await enqueue('leaver');
    const gone: string[] = [];
    start(channel(), { onGone: async (_tx, target) => void gone.push(target) });
    await until(delivery.status, ({ state }) => state === 'disabled');
    expect(gone).toEqual(['leaver']);
    expect(await newestDeliveriesTo(database.manager, ['leaver', 'nobody'])).toHaveLength(1);
  });

  it('disables what waits for a target that was removed, without sending it', async () => {
    const delivery = await enqueue();
    start(channel({ endpointOf: async () => null }));
    await until(delivery.status, ({ state }) => state === 'disabled');
    expect(seen).toHaveLength(0);
  });

  it('connects to the address that was checked, resolved once', async () => {
    const asked: string[] = [];
    const resolve = async (host: string) => (asked.push(host), [{ address: '127.0.0.1', family: 4 }]);
    const host = `hooks.example.invalid:${address.split(':')[1]}`;
    const delivery = await enqueue();
    start(channel({ resolve, allowedHosts: [host] }, `http://${host}/`));
    await until(delivery.status, ({ state }) => state === 'delivered');
    expect(asked).toEqual(['hooks.example.invalid']);
    expect(seen[0]!.headers.host).toBe(host);
  });

  it.each([
    ['loopback', ['127.0.0.1']],
    ['a public and a private one', ['93.184.215.14', '10.0.0.7']],
    ['a mapped one', ['::ffff:169.254.169.254']],
    ['none', []],
  ])('sends nothing when a public name resolves to %s', async (_name, addresses) => {
    const resolve = async () =>
      addresses.map((value) => ({ address: value, family: value.includes(':') ? 6 : 4 }));
    const delivery = await enqueue();
    start(channel({ resolve, allowedHosts: [] }, 'https://example.com/hook'));
    const { attempts } = await firstAttempt(delivery);
    expect(attempts[0]).toMatchObject({
      outcome: 'retry',
      status: null,
      detail: expect.stringMatching(/^not sent/),
    });
  });
});
