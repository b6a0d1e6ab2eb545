import { Module } from '@nestjs/common';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { Room } from '../room.js';
import { startTestRooms, type TestRooms } from '../testing/index.js';
import { httpProbeRoom } from './http-probe-room.testing.js';
import { tlsTo } from './rooms-elsewhere.service.js';

/** What is behind an address of ROOM_URLS may be away, someone else, or break off: the answer says which, and what to do. */

let there: TestRooms;

beforeAll(async () => {
  there = await startTestRooms([httpProbeRoom]);
});

afterAll(async () => {
  await there?.stop();
});

const PATH = '/v1/probe/things';

const startHere = (url: string) =>
  startTestRooms([], { databaseUrl: there.databaseUrl, elsewhere: [{ room: httpProbeRoom, url }] });

async function withRoomAt(url: string, work: (here: TestRooms) => Promise<void>): Promise<void> {
  const here = await startHere(url);
  try {
    await work(here);
  } finally {
    await here.stop();
  }
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { port: number }).port;
}

@Module({})
class SecondModule {}

const redirecting: RequestListener = (_request, response) =>
  response.writeHead(302, { location: '/login' }).end();

const breakingOff: RequestListener = (request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"partitions":', () => request.socket.destroy());
};

/** Something that is not ours at the address of the room. */
async function withStranger(
  stranger: RequestListener,
  work: (here: TestRooms, url: string) => Promise<void>,
): Promise<void> {
  const server = createServer(stranger);
  const url = `http://127.0.0.1:${await listening(server)}`;
  try {
    await withRoomAt(url, (here) => work(here, url));
  } finally {
    server.close();
  }
}

describe('a room elsewhere that does not answer', () => {
  it('is named, with 503 for its routes and for the accounting, and what runs here goes on', async () => {
    await withRoomAt('http://127.0.0.1:9', async (alone) => {
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
    });
  });

  it('is not looked for in a circle, nor accounted for by one', async () => {
    await withRoomAt('http://127.0.0.1:9', async (other) => {
      await withRoomAt(other.address, async (first) => {
        const answer = await first.call('ops', 'GET', PATH);
        expect([answer.status, answer.body.detail]).toEqual([503, expect.stringContaining('went round')]);
        const accounting = await first.call('ops', 'GET', '/v1/accounting');
        expect([accounting.status, accounting.body.detail]).toEqual([
          503,
          `http-probe does not run at ${other.address}: ROOM_URLS must name the process that runs it`,
        ]);
      });
    });
  });
});

describe('a room elsewhere that breaks off', () => {
  it('is asked once only, and whoever sent a command is told that its fate is not known', async () => {
    let asked = 0;
    const dropping: RequestListener = (request) => {
      asked += 1;
      request.socket.destroy();
    };
    await withStranger(dropping, async (here, url) => {
      const detailOf = async (method: string, path: string, options: object = {}) => {
        const { status, body } = await here.call('ops', method, path, options);
        expect([status, body.type]).toEqual([503, 'urn:taxameter:problem:room-away']);
        return body.detail as string;
      };
      const command = { body: { name: 'once' } };
      const lost = `http-probe at ${url} broke off before it answered`;
      expect(await detailOf('POST', PATH, { ...command, headers: { 'idempotency-key': 'once' } })).toBe(
        `${lost}: whether the command was done is not known, send it again with the same Idempotency-Key`,
      );
      expect(await detailOf('POST', PATH, command)).toBe(
        `${lost}: whether the command was done is not known, and it had no Idempotency-Key: look before you send it again`,
      );
      expect(await detailOf('GET', PATH)).toBe(`${lost}: send the same request again`);
      expect(asked).toBe(3);
    });
  });

  it('leaves the fate of a command as unknown when what comes back is not HTTP', async () => {
    const babbling: RequestListener = (request) => request.socket.end('SMTP ready\r\n\r\n');
    await withStranger(babbling, async (here) => {
      const { status, body } = await here.call('ops', 'POST', PATH, { body: { name: 'babble' } });
      expect([status, body.detail]).toEqual([503, expect.stringContaining('is not known')]);
    });
  });
});

describe('the accounting of a room elsewhere', () => {
  const counts = {
    ...{
      read: 1,
      counted: 1,
      duplicate: 0,
      quarantined: 0,
      ignored: 0,
      nextOffset: 1,
      lag: 0,
      lagSeconds: 0,
    },
    replayed: { read: 0, counted: 0, duplicate: 0, ignored: 0 },
    skipped: 0,
  };
  const accountOf = (...rooms: string[]) => ({
    partitions: rooms.map((room) => ({ room, topic: 'usage', partition: 0, ...counts })),
    outbox: rooms.map((room) => ({ room, waiting: 0 })),
  });
  const answering =
    (body: string, type = 'application/json'): RequestListener =>
    (_request, response) =>
      response.writeHead(200, { 'content-type': type }).end(body);

  it('takes what is said of the rooms it was asked for, and nothing of others', async () => {
    const answer = answering(JSON.stringify(accountOf('http-probe', 'another')));
    await withStranger(answer, async (here) => {
      const { status, body } = await here.call('ops', 'GET', '/v1/accounting');
      expect([status, body]).toEqual([200, accountOf('http-probe')]);
    });
  });

  it('counts a process once that has two addresses', async () => {
    const second: Room = { name: 'second', module: SecondModule, schema: { migrations: [] } };
    const both = await startTestRooms([httpProbeRoom, second]);
    const here = await startTestRooms([], {
      databaseUrl: both.databaseUrl,
      elsewhere: [
        { room: httpProbeRoom, url: both.address },
        { room: second, url: both.address.replace('127.0.0.1', 'localhost') },
      ],
    });
    try {
      const { body } = await here.call('ops', 'GET', '/v1/accounting');
      expect(body).toEqual((await both.call('ops', 'GET', '/v1/accounting')).body);
      expect(body.outbox).toHaveLength(2);
    } finally {
      await here.stop();
      await both.stop();
    }
  });

  it.each([
    ['a page', answering('<!doctype html>', 'text/html'), 'answered with something else than an accounting'],
    ['other JSON', answering('{"partitions":7}'), 'answered with something else than an accounting'],
    ['a redirect', redirecting, 'answered 302'],
    ['the half of an answer', breakingOff, 'broke off'],
  ])('is refused with 503 and the name of the room when %s comes instead', async (_what, stranger, why) => {
    await withStranger(stranger, async (here, url) => {
      const { status, body } = await here.call('ops', 'GET', '/v1/accounting');
      expect([status, body.type]).toEqual([503, 'urn:taxameter:problem:room-away']);
      expect(body.detail).toContain(`http-probe at ${url} ${why}`);
    });
  });
});

describe('a room elsewhere behind TLS', () => {
  let folder: string;
  let key: Buffer;
  let cert: Buffer;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'taxameter-tls-'));
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const request =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=metering.internal';
    const names = 'subjectAltName=DNS:metering.internal,IP:127.0.0.1';
    execFileSync('openssl', [...request.split(' '), '-addext', names, '-keyout', keyFile, '-out', certFile], {
      stdio: 'pipe',
    });
    key = readFileSync(keyFile);
    cert = readFileSync(certFile);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is sent nothing when nobody vouches for its certificate', async () => {
    let heard = 0;
    const server = createTlsServer({ key, cert }, (_request, response) => response.end('{}'));
    server.on('secureConnection', (socket) => socket.on('data', (bytes: Buffer) => (heard += bytes.length)));
    const url = `https://127.0.0.1:${await listening(server)}`;
    try {
      await withRoomAt(url, async (here) => {
        const answers = [
          await here.call('ops', 'POST', PATH, { body: { name: 'secret' } }),
          await here.call('ops', 'GET', '/v1/accounting'),
        ];
        const why = `http-probe at ${url} shows a certificate that is not trusted here (DEPTH_ZERO_SELF_SIGNED_CERT)`;
        for (const { status, body } of answers) {
          expect([status, body.detail]).toEqual([503, expect.stringContaining(why)]);
        }
        expect(heard).toBe(0);
      });
    } finally {
      server.close();
    }
  });

  it('must be named by its certificate as ROOM_URLS names it, whichever host the browser names', async () => {
    const server = createTlsServer({ key, cert });
    const port = await listening(server);
    /** `servername` is what undici makes of the Host header. */
    const meet = (url: string, servername: string) =>
      new Promise<string>((resolve) => {
        const socket = connect({ host: '127.0.0.1', port, ca: cert, servername, ...tlsTo(url) })
          .on('secureConnect', () => {
            socket.destroy();
            resolve('met');
          })
          .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      });
    try {
      expect(await meet('https://metering.internal:3000', 'taxameter.example')).toBe('met');
      expect(await meet('https://127.0.0.1:3000', 'taxameter.example')).toBe('met');
      expect(await meet('https://billing.internal:3000', 'metering.internal')).toBe(
        'ERR_TLS_CERT_ALTNAME_INVALID',
      );
    } finally {
      server.close();
    }
  });
});
