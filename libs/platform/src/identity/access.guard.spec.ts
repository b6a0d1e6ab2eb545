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

  describe('of a partner', () => {
    const as = (partnerId: string, method: string, path: string, body?: object) =>
      rooms.call('partner', method, path, { partnerId, ...(body && { body }) });
    const make = (partnerId: string, more: object = {}) =>
      as(partnerId, 'POST', '/v1/tokens', { role: 'partner', name: 'portal', ...more });
    const idsOf = async (partnerId: string) =>
      (await as(partnerId, 'GET', '/v1/tokens')).body.items.map(({ id }: { id: string }) => id);

    it('makes another one for the same partner, which says what made it', async () => {
      const { status, body } = await make('par_self');
      expect(status).toBe(201);
      expect((await bearer(body.token as string)).status).toBe(200);
      const { items } = (await as('par_self', 'GET', '/v1/tokens')).body;
      expect(items.find(({ id }: { id: string }) => id === body.id)).toMatchObject({
        partnerId: 'par_self',
        createdBy: expect.stringMatching(/^tok_/) as string,
      });
    });

    it.each([
      [{ role: 'ops' }, 'role'],
      [{ partnerId: 'par_b' }, 'partnerId'],
      [{ days: 366 }, 'days'],
    ])('makes none with %j, and is told which field is wrong', async (more, field) => {
      const { status, body } = await make('par_a', more);
      expect([status, body.errors]).toMatchObject([400, [{ field }]]);
    });

    it('neither sees nor revokes those of another partner or of ops', async () => {
      const foreign = (await make('par_b')).body.id as string;
      const ops = (await rooms.tokens.issue({ role: 'ops', name: 'of ops' })).id;
      const own = (await make('par_c')).body.id as string;
      expect(await idsOf('par_c')).toContain(own);
      expect(await idsOf('par_c')).not.toEqual(expect.arrayContaining([foreign]));
      expect(await idsOf('par_c')).not.toEqual(expect.arrayContaining([ops]));
      for (const id of [foreign, ops]) {
        expect((await as('par_c', 'DELETE', `/v1/tokens/${id}`)).status).toBe(404);
      }
      expect((await as('par_c', 'DELETE', `/v1/tokens/${own}`)).status).toBe(200);
      expect((await as('par_b', 'DELETE', `/v1/tokens/${foreign}`)).status).toBe(200);
    });

    it('that was stolen goes with all that came of it, and with nothing else', async () => {
      const [stolen, other] = [(await make('par_theft')).body, (await make('par_theft')).body];
      const madeBy = async (secret: string) =>
        (
          await rooms.call('anonymous', 'POST', '/v1/tokens', {
            ...{ body: { role: 'partner', name: 'made' }, headers: { authorization: `Bearer ${secret}` } },
          })
        ).body;
      const made = await madeBy(stolen.token as string);
      const last = await madeBy(made.token as string);
      expect((await as('par_theft', 'DELETE', `/v1/tokens/${stolen.id}`)).body).toEqual({
        revoked: true,
        count: 1,
      });
      expect((await bearer(last.token as string)).status).toBe(200);
      const all = await as('par_theft', 'DELETE', `/v1/tokens/${stolen.id}?withMade=true`);
      expect(all.body).toEqual({ revoked: true, count: 2 });
      for (const { token } of [made, last]) expect((await bearer(token as string)).status).toBe(401);
      expect((await bearer(other.token as string)).status).toBe(200);
    });

    it('is listed before any dead one', async () => {
      const good = (await make('par_order')).body.id as string;
      const dead = (await make('par_order')).body.id as string;
      await as('par_order', 'DELETE', `/v1/tokens/${dead}`);
      const ids = await idsOf('par_order');
      expect(ids.indexOf(good)).toBeLessThan(ids.indexOf(dead));
    });

    it('has at most twenty good ones, however many are asked for at once, and room for one more once one is revoked', async () => {
      // The first call makes the token that the others come with.
      const first = (await make('par_many')).body.id as string;
      const answers = await Promise.all(Array.from({ length: 25 }, () => make('par_many')));
      const refused = answers.filter(({ status }) => status !== 201);
      expect(refused).toHaveLength(7);
      for (const { status, body } of refused) {
        expect([status, body.type]).toEqual([409, 'urn:taxameter:problem:too-many-tokens']);
      }
      expect((await as('par_many', 'DELETE', `/v1/tokens/${first}`)).status).toBe(200);
      expect((await make('par_many')).status).toBe(201);
    });
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

  it('writes through a proxy that ends TLS when that one is trusted, and believes no other what it forwards', async () => {
    const { cookie } = await signIn();
    const { databaseUrl } = rooms;
    const behind = await startTestRooms([httpProbeRoom], {
      ...{ now: NOW, databaseUrl, settings: { TRUSTED_PROXIES: 'loopback' } },
    });
    const write = async (process: TestRooms, origin: string) =>
      (
        await process.call('anonymous', 'POST', THINGS, {
          body: { name: 'x' },
          headers: {
            ...{ cookie, origin, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'taxameter.example' },
            'x-forwarded-for': '203.0.113.7',
          },
        })
      ).status;
    try {
      expect(await write(behind, 'https://taxameter.example')).toBe(201);
      expect(await write(behind, 'https://evil.example')).toBe(401);
      expect(await write(rooms, 'https://taxameter.example')).toBe(401);
    } finally {
      await behind.stop();
    }
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
