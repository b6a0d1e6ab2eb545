import { createServer, request, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { startTestRooms, type TestRooms } from '../testing/index.js';
import { httpProbeRoom, openStreams } from './http-probe-room.testing.js';

/** One process has the room, the other one its address: whoever asks the other must not see a difference. */

let there: TestRooms;
let here: TestRooms;

const startHere = (url: string) =>
  startTestRooms([], { databaseUrl: there.databaseUrl, elsewhere: [{ room: httpProbeRoom, url }] });

beforeAll(async () => {
  there = await startTestRooms([httpProbeRoom]);
  here = await startHere(there.address);
});

afterAll(async () => {
  await here?.stop();
  await there?.stop();
});

const PATH = '/v1/probe/things';

async function untilTrue(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries += 1) {
    if (tries === 200) throw new Error('it did not happen within 4 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a process that passes requests on', () => {
  it('answers a command as the room does, and its repetition with the first answer', async () => {
    const create = (rooms: TestRooms) =>
      rooms.call('ops', 'POST', PATH, {
        body: { name: 'Blåbærgrød & søn', partnerId: 'par_æ' },
        headers: { 'idempotency-key': 'passed-on' },
      });
    const answer = await create(here);
    expect([answer.status, answer.body]).toMatchObject([
      201,
      { name: 'Blåbærgrød & søn', partnerId: 'par_æ' },
    ]);
    const listed = await here.call('ops', 'GET', `${PATH}?limit=500`);
    expect(listed.body).toEqual((await there.call('ops', 'GET', `${PATH}?limit=500`)).body);
    // The room knows the two as two people, since each rooms' caller has a token of its own.
    expect((await create(here)).body).toEqual(answer.body);
  });

  it('opens nothing: role, session and body are judged where the room runs', async () => {
    expect((await here.call('anonymous', 'GET', PATH)).status).toBe(401);
    expect((await here.call('finance', 'GET', PATH)).body).toMatchObject({
      type: 'urn:taxameter:problem:wrong-role',
    });
    const partner = await here.call('partner', 'GET', PATH, { partnerId: 'par_nobody' });
    expect([partner.status, partner.body.items]).toEqual([200, []]);
    const broken = await here.call('ops', 'POST', PATH, { body: '{"name":' });
    expect([broken.status, broken.body.type]).toEqual([400, 'urn:taxameter:problem:not-json']);
    const tooLarge = await here.call('ops', 'POST', PATH, { body: { name: 'x'.repeat(3_000_000) } });
    expect(tooLarge.status).toBe(413);
  });

  it('lets a signed-in browser write, whose page comes from here, and no other site', async () => {
    const setup = await here.tokens.createSetupLink();
    const session = await here.call('anonymous', 'POST', '/v1/session', { body: { setup } });
    const cookie = session.headers.get('set-cookie')!.split(';')[0]!;
    const writeFrom = (origin: string) =>
      here.call('anonymous', 'POST', PATH, { body: { name: 'by a browser' }, headers: { cookie, origin } });
    expect((await writeFrom(here.address)).status).toBe(201);
    expect((await writeFrom('http://evil.example')).status).toBe(401);
  });

  it('lets a stream flow, and ends it at the room when its reader leaves', async () => {
    const leave = new AbortController();
    const response = await fetch(`${here.address}/v1/probe/stream`, {
      headers: { authorization: `Bearer ${await here.token({ role: 'ops' })}` },
      signal: leave.signal,
    });
    const reader = response.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe(': connected\n\n');
    [...openStreams][0]!.raw.write('data: 1\n\n');
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('data: 1\n\n');
    leave.abort();
    await untilTrue(() => openStreams.size === 0);
  });

  it('accounts for the rooms elsewhere as if they ran here', async () => {
    const { status, body } = await here.call('finance', 'GET', '/v1/accounting');
    expect([status, body.outbox]).toEqual([200, [{ room: 'http-probe', waiting: 0 }]]);
    expect(body).toEqual((await there.call('finance', 'GET', '/v1/accounting')).body);
  });

  it('describes their routes in its document', async () => {
    const { body } = await here.call('anonymous', 'GET', '/v1/openapi.json');
    expect(Object.keys(body.paths as object)).toEqual(expect.arrayContaining([PATH, '/v1/tokens']));
  });
});

describe('what of a request goes on', () => {
  /** Says what it was asked, as it came. */
  const echo = createServer((incoming, response) => {
    void text(incoming).then((body) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'keep-alive': 'timeout=1234',
        connection: 'x-hop',
        'x-hop': 'for the next one only',
      });
      response.end(JSON.stringify({ url: incoming.url, headers: incoming.headers, body }));
    });
  });
  let passing: TestRooms;

  beforeAll(async () => {
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    passing = await startHere(`http://127.0.0.1:${(echo.address() as { port: number }).port}`);
  });

  afterAll(async () => {
    await passing?.stop();
    echo.close();
  });

  /** A request to the byte: `fetch` would tidy up its path and refuse some of these headers. */
  async function ask(to: TestRooms, path: string, { method = 'GET', body = '', headers = {} } = {}) {
    const { hostname, port } = new URL(to.address);
    const authorization = `Bearer ${await to.token({ role: 'ops' })}`;
    const answer = await new Promise<{ status: number; headers: IncomingHttpHeaders; text: string }>(
      (resolve, reject) => {
        const asked = request(
          { agent: false, hostname, port, path, method, headers: { authorization, ...headers } },
          (response) => {
            text(response).then(
              (answered) =>
                resolve({ status: response.statusCode!, headers: response.headers, text: answered }),
              reject,
            );
          },
        );
        asked.on('error', reject).end(body);
      },
    );

    return { status: answer.status, headers: answer.headers, body: JSON.parse(answer.text) };
  }

  it.each([
    { expect: '100-continue' },
    { 'keep-alive': 'timeout=5', connection: 'close' },
    { upgrade: 'h2c', connection: 'close' },
    { te: 'trailers' },
    { upgrade: 'h2c', connection: 'Upgrade, HTTP2-Settings', 'http2-settings': 'AAMAAABkAAQAoAAA' },
    { te: 'trailers', connection: 'TE' },
    { 'proxy-connection': 'keep-alive' },
    { connection: 'close, X-Mine', 'x-mine': 'for the first process only' },
  ])('is not what was meant for one connection: %j', async (hop) => {
    const { status, body } = await ask(passing, PATH, {
      method: 'POST',
      body: '{"name":"x"}',
      headers: { ...hop, 'content-type': 'application/json', 'idempotency-key': 'kept' },
    });
    expect([status, body.body]).toEqual([200, '{"name":"x"}']);
    const { connection, ...others } = body.headers as Record<string, string>;
    expect(connection).toBe('keep-alive');
    expect(others).toMatchObject({ 'content-type': 'application/json', 'idempotency-key': 'kept' });
    for (const name of Object.keys(hop)) expect(others).not.toHaveProperty(name);
  });

  it('comes back without what the room said to this process only', async () => {
    const { status, headers } = await ask(passing, PATH);
    expect(status).toBe(200);
    expect(headers).not.toHaveProperty('x-hop');
    expect(headers['keep-alive']).not.toBe('timeout=1234');
  });

  it('keeps those who passed it on before, and none of them is taken for one of us', async () => {
    const gateways = '1.1 taxameter.example.com, 1.1 taxameter (a gateway, 1.1 taxameter)';
    const { status, body } = await ask(passing, PATH, { headers: { via: gateways } });
    expect([status, body.headers.via]).toEqual([200, `${gateways}, 1.1 taxameter-rooms-elsewhere`]);
    const accounting = await here.call('ops', 'GET', '/v1/accounting', { headers: { via: gateways } });
    expect(accounting.body.outbox).toEqual([{ room: 'http-probe', waiting: 0 }]);
    const own = await here.call('ops', 'GET', '/v1/accounting?rooms=own');
    expect([own.status, own.body]).toEqual([200, { partitions: [], outbox: [] }]);
  });

  it.each(['?q=100%', '?route=/v1/../y', '?a=1&a=%2E%2E/&b', '?x=\\..\\', '?', '?a=?b'])(
    'is its query, byte by byte: %s',
    async (query) => {
      const { status, body } = await ask(passing, PATH + query);
      expect([status, body.url]).toEqual([200, PATH + query]);
    },
  );

  it('is its path, and never another one that it could be read as', async () => {
    const KIND = '/v1/probe/explosions/';
    const { body } = await ask(passing, `${KIND}x\\..\\..\\..\\accounting`);
    expect(body.url).toBe(`${KIND}x%5C..%5C..%5C..%5Caccounting`);
    expect((await ask(passing, `${KIND}a%2Fb%20%C3%A6`)).body.url).toBe(`${KIND}a%2Fb%20%C3%A6`);
    for (const step of ['.', '..', '%2e', '%2E.', '..\\x', '%FF']) {
      const { status, body: problem } = await ask(passing, KIND + step);
      expect([step, status, problem.type]).toEqual([step, 400, 'urn:taxameter:problem:bad-request']);
    }
  });
});
