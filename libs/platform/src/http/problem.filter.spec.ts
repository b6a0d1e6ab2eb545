import pg from 'pg';
import { startTestRooms, type TestRooms } from '../testing/index.js';
import { httpProbeRoom } from './http-probe-room.testing.js';

let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startTestRooms([httpProbeRoom]);
});

afterAll(async () => {
  await rooms?.stop();
});

const expectProblem = (answer: { status: number; headers: Headers; body: unknown }, status: number) => {
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    status,
    'application/problem+json; charset=utf-8',
  ]);
  expect(answer.body).toMatchObject({
    type: expect.stringMatching(/^urn:taxameter:problem:[a-z-]+$/),
    title: expect.stringMatching(/./),
    status,
    detail: expect.stringMatching(/./),
  });
};

describe('problem details', () => {
  it.each([
    ['half a document', '{"name":'],
    ['nothing', ''],
    ['a forbidden prototype', '{"name":"x","__proto__":{"admin":true}}'],
  ])('answer a body of %s with 400', async (_, body) => {
    const answer = await rooms.call('ops', 'POST', '/v1/probe/things', { body });
    expectProblem(answer, 400);
    expect(answer.body.type).toBe('urn:taxameter:problem:not-json');
  });

  it('name each field of body and query that breaks its schema', async () => {
    const created = await rooms.call('ops', 'POST', '/v1/probe/things?dryRun=perhaps', { body: { name: 7 } });
    expectProblem(created, 400);
    expect(created.body.errors).toEqual([
      { field: 'query.dryRun', reason: expect.any(String) },
      { field: 'name', reason: expect.any(String) },
    ]);
    const listed = await rooms.call('ops', 'GET', '/v1/probe/things?limit=501');
    expectProblem(listed, 400);
    expect(listed.body.detail).toMatch(/^query\.limit: /);
  });

  it('answer a body of 10 MB with 413 in less than a second', async () => {
    const started = performance.now();
    const body = JSON.stringify({ name: 'x'.repeat(10_000_000) });
    expectProblem(await rooms.call('ops', 'POST', '/v1/probe/things', { body }), 413);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('answer an unknown media type with 415', async () => {
    const headers = { 'content-type': 'application/xml' };
    expectProblem(await rooms.call('ops', 'POST', '/v1/probe/things', { body: '<name/>', headers }), 415);
  });

  it.each([
    ['GET', '/v1/nowhere'],
    ['GET', '/'],
    ['DELETE', '/v1/probe/things'],
    ['PUT', '/health/live'],
  ])('answer %s %s with 404, because there is no such route', async (method, path) => {
    const answer = await rooms.call('admin', method, path);
    expectProblem(answer, 404);
    expect(answer.body.type).toBe('urn:taxameter:problem:no-such-route');
  });

  it('answer a path that cannot be decoded with 400 and one of 20 kB with a refusal', async () => {
    expectProblem(await rooms.call('ops', 'GET', '/v1/probe/explosions/%ff'), 400);
    expect((await rooms.call('ops', 'GET', `/v1/${'x'.repeat(20_000)}`)).status).toBeGreaterThanOrEqual(400);
  });

  it('hide the message of an error that nobody expected', async () => {
    const answer = await rooms.call('ops', 'GET', '/v1/probe/explosions/surprise');
    expectProblem(answer, 500);
    expect(JSON.stringify(answer.body)).not.toMatch(/canary|stack|explode/);
  });

  it('hide what the database says about a row', async () => {
    const answer = await rooms.call('ops', 'POST', '/v1/probe/things', {
      body: { name: 'refused by the database' },
    });
    expectProblem(answer, 500);
    expect(JSON.stringify(answer.body)).not.toMatch(/refused by|thing_name|insert/i);
  });

  it('answer a deadlock with 503 and when to come back', async () => {
    const answer = await rooms.call('ops', 'GET', '/v1/probe/explosions/deadlock');
    expectProblem(answer, 503);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(JSON.stringify(answer.body)).not.toMatch(/canary/);
  });

  it('answer 503 while the database takes no connections, stay alive, and serve again afterwards', async () => {
    await rooms.token({ role: 'ops' });
    const name = new URL(rooms.databaseUrl).pathname.slice(1);
    const elsewhere = new URL(rooms.databaseUrl);
    elsewhere.pathname = '/postgres';
    const admin = new pg.Client({ connectionString: elsewhere.href });
    await admin.connect();
    try {
      // Names of databases cannot be parameters; this one is hex of ours.
      await admin.query(`alter database ${name} with allow_connections false`);
      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
      const started = performance.now();
      const answer = await rooms.call('ops', 'GET', '/v1/probe/things');
      expectProblem(answer, 503);
      expect(answer.body.detail).toMatch(/send the same request again/);
      expectProblem(await rooms.call('anonymous', 'GET', '/health/ready'), 503);
      expect((await rooms.call('anonymous', 'GET', '/health/live')).status).toBe(200);
      expect(performance.now() - started).toBeLessThan(2_000);
    } finally {
      await admin.query(`alter database ${name} with allow_connections true`);
      await admin.end();
    }
    expect((await rooms.call('ops', 'GET', '/v1/probe/things')).status).toBe(200);
    expect((await rooms.call('anonymous', 'GET', '/health/ready')).status).toBe(200);
  });
});
