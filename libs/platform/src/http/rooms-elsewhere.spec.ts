import { createServer } from 'node:http';
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

describe('a room elsewhere that does not answer', () => {
  it('is named, with 503 for its routes and for the accounting, and what runs here goes on', async () => {
    const alone = await startHere('http://127.0.0.1:9');
    try {
      const command = await alone.call('ops', 'POST', PATH, { body: { name: 'lost' } });
      expect([command.status, command.body.detail, command.headers.get('retry-after')]).toEqual([
        503,
        'http-probe at http://127.0.0.1:9 does not answer: send the same request again later',
        '5',
      ]);
      expect(command.headers.get('content-type')).toContain('application/problem+json');
      const accounting = await alone.call('ops', 'GET', '/v1/accounting');
      expect([accounting.status, accounting.body.detail]).toEqual([
        503,
        'http-probe at http://127.0.0.1:9 does not answer: is it running, and is ROOM_URLS right?',
      ]);
      expect((await alone.call('anonymous', 'GET', '/health/ready')).status).toBe(200);
    } finally {
      await alone.stop();
    }
  });

  it('is asked once only, since nobody knows whether a lost command was done', async () => {
    let asked = 0;
    const dropping = createServer((request) => {
      asked += 1;
      request.socket.destroy();
    });
    await new Promise<void>((resolve) => dropping.listen(0, '127.0.0.1', resolve));
    const { port } = dropping.address() as { port: number };
    const passing = await startHere(`http://127.0.0.1:${port}`);
    try {
      expect((await passing.call('ops', 'POST', PATH, { body: { name: 'once' } })).status).toBe(503);
      expect(asked).toBe(1);
    } finally {
      await passing.stop();
      dropping.close();
    }
  });

  it('is not looked for in a circle', async () => {
    const other = await startHere('http://127.0.0.1:9');
    const first = await startHere(other.address);
    try {
      const answer = await first.call('ops', 'GET', PATH);
      expect([answer.status, answer.body.detail]).toEqual([503, expect.stringContaining('went round')]);
      expect((await first.call('ops', 'GET', '/v1/accounting')).status).toBe(200);
    } finally {
      await first.stop();
      await other.stop();
    }
  });
});
