import { createHash } from 'node:crypto';
import { pino } from 'pino';
import pg from 'pg';
import type { RouteDefinition } from '../http/route.js';
import { controllersOf, routesOf } from '../http/routes-of.service.js';
import { httpProbeRoom } from '../http/http-probe-room.testing.js';
import { startTestRooms, type TestRooms } from '../testing/index.js';

const NOW = '2026-10-05T08:00:00Z';
let rooms: TestRooms;
const log: string[] = [];

beforeAll(async () => {
  const logger = pino({ level: 'trace' }, { write: (line: string) => void log.push(line) });
  rooms = await startTestRooms([httpProbeRoom], { now: NOW, logger });
});

afterAll(async () => {
  await rooms?.stop();
});

const THINGS = '/v1/probe/things';
const get = (headers: Record<string, string>) => rooms.call('anonymous', 'GET', THINGS, { headers });
const bearer = (secret: string) => get({ authorization: `Bearer ${secret}` });

describe('a token', () => {
  it('opens the routes of its role', async () => {
    expect((await rooms.call('ops', 'GET', THINGS)).status).toBe(200);
    expect((await rooms.call('admin', 'GET', THINGS)).status).toBe(200);
  });

  it.each(['ingest', 'finance'] as const)('of the role %s gets 403 where ops is asked for', async (role) => {
    const answer = await rooms.call(role, 'GET', THINGS);
    expect([answer.status, answer.body.type]).toEqual([403, 'urn:taxameter:problem:wrong-role']);
  });

  it('of a partner reads its own rows and may not write', async () => {
    for (const partnerId of ['par_a', 'par_b']) {
      const body = { name: `of ${partnerId}`, partnerId };
      expect((await rooms.call('ops', 'POST', THINGS, { body })).status).toBe(201);
    }
    const { body } = await rooms.call('partner', 'GET', THINGS, { partnerId: 'par_a' });
    expect(body.items.map((item: { name: string }) => item.name)).toEqual(['of par_a']);
    expect((await rooms.call('ops', 'GET', THINGS)).body.items).toHaveLength(2);
    const written = await rooms.call('partner', 'POST', THINGS, { partnerId: 'par_a', body: { name: 'x' } });
    expect(written.status).toBe(403);
  });

  it.each([
    ['no header', {}],
    ['an unknown token', { authorization: `Bearer tax_ops_${'x'.repeat(43)}` }],
    ['an empty one', { authorization: 'Bearer ' }],
    ['basic authentication', { authorization: 'Basic b3BzOm9wcw==' }],
    ['two tokens', { authorization: 'Bearer a b' }],
    ['10 kB', { authorization: `Bearer ${'x'.repeat(10_000)}` }],
  ])('is missing with %s: 401, and the answer says how to send one', async (_, headers) => {
    const answer = await get(headers);
    expect([answer.status, answer.body.type]).toEqual([401, 'urn:taxameter:problem:not-signed-in']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it('is dead from the instant at which it expires', async () => {
    const issue = (expiresAt: string) =>
      rooms.tokens.issue({ role: 'ops', name: 'expiring', expiresAt: new Date(expiresAt) });
    expect((await bearer((await issue('2026-10-05T08:00:00.001Z')).secret)).status).toBe(200);
    expect((await bearer((await issue(NOW)).secret)).status).toBe(401);
  });

  it('is dead once it is revoked, and cannot be revoked twice', async () => {
    const { id, secret } = await rooms.tokens.issue({ role: 'ops', name: 'revoked' });
    expect((await bearer(secret)).status).toBe(200);
    expect((await rooms.call('admin', 'DELETE', `/v1/tokens/${id}`)).status).toBe(200);
    expect((await bearer(secret)).status).toBe(401);
    expect((await rooms.call('admin', 'DELETE', `/v1/tokens/${id}`)).status).toBe(404);
  });

  it('is made by an admin only, and a partner’s token must name the partner', async () => {
    const make = (body: object) => rooms.call('admin', 'POST', '/v1/tokens', { body });
    expect((await make({ role: 'partner', name: 'x' })).status).toBe(400);
    expect((await make({ role: 'ops', partnerId: 'par_a', name: 'x' })).status).toBe(400);
    const made = await make({ role: 'partner', partnerId: 'par_a', name: 'portal', days: 1 });
    expect(made.body).toMatchObject({ expiresAt: '2026-10-06T08:00:00.000Z' });
    expect((await bearer(made.body.token as string)).status).toBe(200);
    expect(
      (await rooms.call('ops', 'POST', '/v1/tokens', { body: { role: 'admin', name: 'x' } })).status,
    ).toBe(403);
  });
});

describe('a session cookie', () => {
  const signIn = async () => {
    const link = await rooms.call('admin', 'POST', '/v1/setup-links');
    const setup = (link.body.path as string).split('=')[1]!;
    const opened = await rooms.call('anonymous', 'POST', '/v1/session', { body: { setup } });
    return { setup, opened, cookie: (opened.headers.get('set-cookie') ?? '').split(';')[0]! };
  };

  it('is given once for a set-up link, unreadable for scripts', async () => {
    const { setup, opened, cookie } = await signIn();
    expect(opened.status).toBe(200);
    expect(opened.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Lax; Max-Age=43200$/);
    expect((await get({ cookie: `other=1; ${cookie}` })).status).toBe(200);
    expect((await rooms.call('anonymous', 'POST', '/v1/session', { body: { setup } })).status).toBe(401);
  });

  it('may read from anywhere but write from our own page only', async () => {
    const { cookie } = await signIn();
    const write = async (headers: Record<string, string>) =>
      (
        await rooms.call('anonymous', 'POST', THINGS, {
          body: { name: 'x' },
          headers: { cookie, ...headers },
        })
      ).status;
    expect((await get({ cookie, 'sec-fetch-site': 'cross-site' })).status).toBe(200);
    expect(await write({})).toBe(401);
    expect(await write({ 'sec-fetch-site': 'cross-site' })).toBe(401);
    expect(await write({ 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' })).toBe(401);
    expect(await write({ origin: 'https://evil.example' })).toBe(401);
    expect(await write({ 'sec-fetch-site': 'same-origin' })).toBe(201);
    expect(await write({ origin: rooms.address })).toBe(201);
  });
});

describe('routes', () => {
  it('are closed without a token unless their definition says public', async () => {
    const document = (await rooms.call('anonymous', 'GET', '/v1/openapi.json')).body as {
      paths: Record<string, Record<string, { security: unknown[] }>>;
    };
    const tried: [string, number][] = [];
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { security }] of Object.entries(methods)) {
        if (security.length === 0) continue;
        const { status } = await rooms.call(
          'anonymous',
          method.toUpperCase(),
          path.replaceAll(/\{\w+\}/g, 'x'),
        );
        tried.push([`${method} ${path}`, status]);
      }
    }
    expect(tried.length).toBeGreaterThan(6);
    expect(tried.filter(([, status]) => status !== 401)).toEqual([]);
  });

  it('name at least one role each', () => {
    const definitions: RouteDefinition[] = routesOf(controllersOf(httpProbeRoom.module));
    expect(definitions.length).toBeGreaterThan(2);
    expect(definitions.filter(({ roles }) => roles.length === 0)).toEqual([]);
  });
});

describe('secrets', () => {
  it('are in no table and no log line, not even at level trace', async () => {
    const { secret } = await rooms.tokens.issue({ role: 'ops', name: 'canary' });
    const setup = await rooms.tokens.createSetupLink();
    const unknown = 'tax_ops_canary-that-nobody-issued-0123456789abcdefgh';
    await bearer(secret);
    await bearer(unknown);
    await rooms.call('anonymous', 'GET', '/v1/probe/explosions/surprise', {
      headers: { authorization: `Bearer ${secret}`, cookie: `taxameter_session=${secret}` },
    });
    const client = new pg.Client({ connectionString: rooms.databaseUrl });
    await client.connect();
    const { rows } = await client.query<{ row: string }>(
      'select t::text as row from identity.token t union all select l::text from identity.setup_link l',
    );
    await client.end();
    expect(rows.map(({ row }) => row).join()).toContain(createHash('sha256').update(secret).digest('hex'));
    expect(log.join()).toContain('canary-of-an-error');
    for (const text of [secret, setup, unknown, secret.slice(8)]) {
      const hex = Buffer.from(text).toString('hex');
      expect(rows.filter(({ row }) => row.includes(text) || row.includes(hex))).toEqual([]);
      expect(log.filter((line) => line.includes(text))).toEqual([]);
    }
  });
});
