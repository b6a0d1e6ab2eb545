import { validateEvent, type ApiCallEvent } from '@taxameter/contracts';
import fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import { request as httpRequest } from 'node:http';
import { removeFolders, restriction, startTestEmitter, statusOf, until } from '../emitter.testing.js';
import type { TestEmitter } from '../emitter.testing.js';
import type { Caller } from '../calls/write-call.js';
import { fastifyEmitter } from './plugin.service.js';

let test: TestEmitter;
let app: FastifyInstance;
let url: string;

const broken = (): never => {
  throw new Error('broken');
};
const callers = new WeakMap<object, Caller>();

beforeAll(async () => {
  test = await startTestEmitter();
  app = fastify();
  await app.register(fastifyEmitter, {
    emitter: test.emitter,
    identify: (request) => callers.get(request) ?? null,
    describe: (request) => (request.routeOptions.url?.endsWith('/contacts') ? { itemCount: 2 } : {}),
    ignore: (request) => request.url === '/health',
  });
  // As a plugin that authenticates does.
  app.addHook('onRequest', async (request, reply) => {
    const integrationId = /^Bearer (\w+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (integrationId) callers.set(request, { integrationId });
    else if (request.url !== '/health') await reply.code(401).send({ title: 'no token' });
  });
  app.get('/health', () => 'ok');
  app.get('/v1/:organizationId/contacts', () => ['Ole', 'Else']);
  app.get('/v1/:organizationId/contacts/:guid', () => ({ name: 'Ole' }));
  app.post('/v1/:organizationId/contacts', () => ({ guid: '1' }));
  app.get('/v1/:organizationId/slow', () => new Promise(() => undefined));
  app.get('/v1/:organizationId/broken', () => {
    throw new Error('broken');
  });
  url = await app.listen({ port: 0, host: '127.0.0.1' });
});

afterAll(async () => {
  await app.close();
  await test.stop();
  removeFolders();
});

beforeEach(() => {
  test.door.events.length = 0;
});

const call = (path: string, init: RequestInit = {}, token = 'isv_a') =>
  fetch(url + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });
const events = () => test.door.events as ApiCallEvent[];
const arrived = (count: number) => until(() => events().length === count);

describe('an API on Fastify', () => {
  it('emits one event for each answer, with route, sizes and what the handler says', async () => {
    await call('/v1/148383/contacts?page=0&pageSize=100');
    await call('/v1/148383/contacts/77');
    const body = '{"name":"Ole"}';
    await call('/v1/148383/contacts', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    await arrived(3);
    expect(events().map((event) => validateEvent(event).ok)).toEqual([true, true, true]);
    expect(events().map(({ data }) => data)).toMatchObject([
      {
        integrationId: 'isv_a',
        organizationId: '148383',
        method: 'GET',
        route: '/v1/{organizationId}/contacts',
        operation: 'list',
        status: 200,
        requestBytes: 0,
        responseBytes: 14,
        itemCount: 2,
        query: { page: 0, pageSize: 100, hasChangesSince: false },
        authScheme: 'bearer',
        enforced: 'none',
      },
      {
        route: '/v1/{organizationId}/contacts/{guid}',
        operation: 'item',
        resourceHash: expect.stringMatching(/^[0-9a-f]{16}$/),
      },
      { method: 'POST', operation: 'write', requestBytes: body.length },
    ]);
  });

  it('emits what it refuses itself, what it cannot find and where it fails', async () => {
    await fetch(`${url}/v1/1/contacts`);
    await call('/v1/1/geheim/ole');
    await call('/v1/1/broken');
    await arrived(3);
    expect(events().map(({ data }) => [data.status, data.integrationId, data.route])).toEqual([
      [401, 'unknown', '/v1/{organizationId}/contacts'],
      [404, 'isv_a', '/{unmatched}'],
      [500, 'isv_a', '/v1/{organizationId}/broken'],
    ]);
  });

  it('emits status 0 when the client goes away before the answer', async () => {
    const request = httpRequest(`${url}/v1/1/slow`, { headers: { authorization: 'Bearer isv_a' } });
    request.on('error', () => undefined);
    request.end();
    setTimeout(() => request.destroy(), 50);
    await arrived(1);
    expect(events()[0]!.data).toMatchObject({ status: 0, route: '/v1/{organizationId}/slow' });
  });

  it('emits nothing of what is to be ignored', async () => {
    await fetch(`${url}/health`);
    await call('/v1/1/contacts');
    await arrived(1);
  });

  it('refuses a restricted agreement and lets another go on, and says so in the events', async () => {
    test.feed.publish(
      statusOf([
        restriction({ scope: 'agreements', organizationIds: ['1'], mode: 'throttle', limitPerMinute: 1 }),
      ]),
    );
    await until(() => test.emitter.stats().feed?.revision === 2);
    const answers = [
      await call('/v1/1/contacts'),
      await call('/v1/1/contacts'),
      await call('/v1/2/contacts'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 429, 200]);
    const [first, second, third] = answers.map(({ headers }) =>
      headers.get('ratelimit')?.replace(/t=\d+/, 't='),
    );
    expect([first, second, third]).toEqual(['"rst_1";r=0;t=', '"rst_1";r=0;t=', undefined]);
    expect(answers[1]!.headers.get('content-type')).toContain('application/problem+json');
    expect(await answers[1]!.json()).toMatchObject({ status: 429, restrictionId: 'rst_1' });
    await arrived(3);
    expect(events().map(({ data }) => data.enforced)).toEqual(['none', 'throttle', 'none']);
    expect(events()[1]!.data.retryAfterSec).toBeGreaterThan(0);

    test.feed.publish(statusOf([restriction({ capability: 'writes' })], { version: 2 }));
    await until(() => test.emitter.stats().feed?.revision === 3);
    const write = await call('/v1/2/contacts', { method: 'POST' });
    expect([write.status, (await call('/v1/2/contacts')).status]).toEqual([403, 200]);
    expect(await write.json()).toMatchObject({ detail: 'For mange kald.', clause: 'Fair use' });
    expect(test.emitter.stats().enforced).toEqual({ throttle: 1, block: 1 });
    // The next test would count these two for its own.
    await arrived(5);
  });

  it('goes on when what it is told to ask throws', async () => {
    const other = fastify();
    const { emitter } = test;
    await other.register(fastifyEmitter, {
      emitter,
      identify: broken,
    });
    other.get('/', () => 'ok');
    const address = await other.listen({ port: 0, host: '127.0.0.1' });
    const before = emitter.stats().skipped;
    expect((await fetch(address)).status).toBe(200);
    await until(() => emitter.stats().skipped === before + 2);
    await other.close();
  });

  it('emits a call of which it cannot be told whether to ignore it', async () => {
    const other = fastify();
    await other.register(fastifyEmitter, { emitter: test.emitter, identify: () => null, ignore: broken });
    other.get('/', () => 'ok');
    const before = test.emitter.stats().skipped;
    expect((await fetch(await other.listen({ port: 0, host: '127.0.0.1' }))).status).toBe(200);
    await arrived(1);
    expect(test.emitter.stats().skipped).toBe(before + 2);
    await other.close();
  });
});
