import { validateEvent, type ApiCallEvent } from '@taxameter/contracts';
import express, { Router } from 'express';
import { request as httpRequest } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { removeFolders, restriction, startTestEmitter, statusOf, until } from '../emitter.testing.js';
import type { TestEmitter } from '../emitter.testing.js';
import { expressEmitter } from './middleware.service.js';

let test: TestEmitter;
let server: Server;
let url: string;

beforeAll(async () => {
  test = await startTestEmitter();
  const app = express();
  const emitting = expressEmitter({
    emitter: test.emitter,
    identify: (request) => {
      const integrationId = request.res?.locals['client'] as string | undefined;
      return integrationId === undefined ? null : { integrationId };
    },
  });
  app.use(emitting.observe);
  app.use((request, response, next) => {
    response.locals['client'] = /^Bearer (\w+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (response.locals['client'] === undefined) response.status(401).end();
    else next();
  });
  app.use(emitting.enforce);
  const ofAgreement = Router({ mergeParams: true });
  ofAgreement.get('/contacts/:guid', (_request, response) => void response.json({ name: 'Ole' }));
  ofAgreement.get('/broken', () => {
    throw new Error('broken');
  });
  app.use('/v1/:organizationId', ofAgreement);
  app.get('/v1/:organizationId/export', (_request, response) => {
    response.write('a'.repeat(50_000));
    response.end();
  });
  app.use(
    ((_error, _request, response, _next) => void response.status(500).end()) as express.ErrorRequestHandler,
  );
  server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await test.stop();
  removeFolders();
});

const call = (path: string) => fetch(url + path, { headers: { authorization: 'Bearer isv_a' } });

it('an API on Express emits each answer with its whole route, and honours restrictions after authentication', async () => {
  await call('/v1/148383/contacts/77?fields=Name');
  await call('/v1/148383/broken');
  await call('/v1/148383/nothing');
  await (await call('/v1/148383/export')).text();
  await fetch(`${url}/v1/148383/contacts/77`);
  test.feed.publish(
    statusOf([
      restriction({ scope: 'agreements', organizationIds: ['1'], capability: 'route:/v1/{o}/contacts/{c}' }),
    ]),
  );
  await until(() => test.emitter.stats().feed?.revision === 2);
  const refused = await call('/v1/1/contacts/77');
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ restrictionId: 'rst_1' });
  expect((await call('/v1/2/contacts/77')).status).toBe(200);
  expect((await call('/v1/1/export')).status).toBe(200);

  const events = test.door.events as ApiCallEvent[];
  await until(() => events.length === 8);
  expect(events.every((event) => validateEvent(event).ok)).toBe(true);
  const item = '/v1/{organizationId}/contacts/{guid}';
  expect(events.map(({ data }) => [data.status, data.route, data.integrationId, data.enforced])).toEqual([
    [200, item, 'isv_a', 'none'],
    [500, '/v1/{organizationId}/broken', 'isv_a', 'none'],
    [404, '/{unmatched}', 'isv_a', 'none'],
    [200, '/v1/{organizationId}/export', 'isv_a', 'none'],
    [401, '/{unmatched}', 'unknown', 'none'],
    [403, '/{unmatched}', 'isv_a', 'block'],
    [200, item, 'isv_a', 'none'],
    [200, '/v1/{organizationId}/export', 'isv_a', 'none'],
  ]);
  expect(events[0]!.data).toMatchObject({ organizationId: '148383', operation: 'item' });
  expect(events[3]!.data.responseBytes).toBeGreaterThan(50_000);
  expect(events[3]!.data.responseBytes).toBeLessThan(52_000);
});

/** The status of a request whose target goes out as it is written. */
const statusOfTarget = (path: string, client: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const headers = { authorization: `Bearer ${client}` };
    httpRequest({ hostname, port, path, headers }, (answer) => resolve(answer.resume().statusCode))
      .on('error', reject)
      .end();
  });

it.each(['/V1/1/Contacts/77', '/v1/1/contacts/77/', 'http://other/v1/1/contacts/77', '/v1/1/contacts/77#x'])(
  'the block of a route holds for the target %s, which Express takes for that route',
  async (target) => {
    test.feed.publish(statusOf([restriction({ capability: 'route:/v1/{o}/contacts/{c}' })]));
    await until(() => test.emitter.isRestricted('isv_a'));
    expect(await statusOfTarget(target, 'isv_a')).toBe(403);
    expect(await statusOfTarget(target, 'isv_b')).toBe(200);
  },
);

it('an API goes on when what tells whether to ignore a call throws', async () => {
  const app = express();
  const broken = () => {
    throw new Error('broken');
  };
  const emitting = expressEmitter({ emitter: test.emitter, identify: () => null, ignore: broken });
  app.use(emitting.observe, emitting.enforce);
  app.get('/', (_request, response) => void response.json('ok'));
  const other = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const before = test.emitter.stats().skipped;
  const answer = await fetch(`http://127.0.0.1:${(other.address() as AddressInfo).port}`);
  expect([answer.status, test.emitter.stats().skipped]).toEqual([200, before + 2]);
  other.closeAllConnections();
  other.close();
});
