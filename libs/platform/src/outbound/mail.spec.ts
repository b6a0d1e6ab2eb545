import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { mailChannel, mailPayload } from './mail.service.js';

interface Received {
  readonly to: readonly string[];
  readonly raw: string;
}

let smtp: SMTPServer;
let port: number;
let received: Received[] = [];
/** What the server says to a recipient; null: it takes it. */
let refusal: { readonly code: number; readonly message: string } | null;
let sockets: Socket[] = [];
let servers: Server[] = [];

beforeAll(async () => {
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onRcptTo: (_address, _session, done) =>
      refusal === null
        ? done()
        : done(Object.assign(new Error(refusal.message), { responseCode: refusal.code })),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        received.push({ to, raw: Buffer.concat(chunks).toString() });
        done();
      });
    },
  });
  const server = smtp.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

beforeEach(() => {
  received = [];
  refusal = null;
});

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  [sockets, servers] = [[], []];
});

afterAll(() => new Promise<void>((resolve) => smtp.close(() => resolve())));

/** A server that does as it likes with each connection. */
async function rawServer(greet: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    greet(socket);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const NEVER = new AbortController().signal;

function send(
  more: Partial<{ port: number; login: string; address: string | null; subject: string; id: string }> = {},
  signal: AbortSignal = NEVER,
) {
  const { address = 'vagt@example.com', login = '', subject = 'Alvorligt: æøå', id = 'dlv_1' } = more;
  const channel = mailChannel({
    smtpUrl: `smtp://${login}127.0.0.1:${more.port ?? port}`,
    from: 'alarm@taxameter.example',
    addressOf: async () => address,
  });
  const payload = mailPayload({ subject, text: 'Hej\n.\nSlut', html: '<p>Hej</p>' });
  return channel.send({ id, target: 'sub_1', payload }, signal);
}

/** Header lines, unfolded. */
const headersOf = ({ raw }: Received) =>
  raw
    .split('\r\n\r\n')[0]!
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n');

describe('mail', () => {
  it('arrives as text and HTML, with one Message-ID for all attempts', async () => {
    expect(await send()).toMatchObject({ outcome: 'delivered', status: 250 });
    expect(await send()).toMatchObject({ outcome: 'delivered' });
    const ids = received.map((mail) => headersOf(mail).filter((line) => /^message-id:/i.test(line)));
    expect(ids).toEqual(Array(2).fill(['Message-ID: <dlv_1@taxameter.example>']));
    const [mail] = received;
    expect(mail!.to).toEqual(['vagt@example.com']);
    expect(mail!.raw).toContain('multipart/alternative');
    expect(headersOf(mail!)).toContain('Auto-Submitted: auto-generated');
  });

  it.each([
    ['subject', { subject: 'x\r\nBcc: thief@example.com\r\n\r\nbody' }],
    ['subject with other line ends', { subject: 'x\nBcc: thief@example.com\u2028Bcc: a@b.dk\0' }],
    ['address', { address: 'a@example.com\r\nBcc: thief@example.com' }],
    ['list of addresses', { address: 'a@example.com, thief@example.com' }],
  ])('takes no header and no further recipient from a %s', async (_what, more) => {
    await send(more);
    for (const mail of received) {
      expect(headersOf(mail).filter((line) => /^(bcc|cc):/i.test(line))).toEqual([]);
      expect(mail.to).not.toContain('thief@example.com');
      expect(mail.to.length).toBeLessThanOrEqual(1);
    }
  });

  it.each([
    [450, 'greylisted'],
    [550, 'no such user'],
  ])('that is refused with %i is to be tried again, and what was said is kept', async (code, said) => {
    refusal = { code, message: said };
    const answer = await send();
    expect(answer).toMatchObject({ outcome: 'retry', status: code });
    expect(answer.detail).toContain(said);
  });

  it('to a server that never answers is ended by the signal, and its connection closed', async () => {
    const closed: Promise<unknown>[] = [];
    const hanging = await rawServer((socket) => {
      socket.resume();
      closed.push(once(socket, 'close'));
    });
    const giveUp = new AbortController();
    setTimeout(() => giveUp.abort(), 200);
    expect(await send({ port: hanging }, giveUp.signal)).toMatchObject({ outcome: 'retry', status: null });
    await Promise.all(closed);
    expect(closed).toHaveLength(1);
  });

  it.each<[string, (socket: Socket) => void]>([
    ['closes at once', (socket) => socket.destroy()],
    ['closes after its greeting', (socket) => socket.end('220 hello\r\n')],
    ['speaks another protocol', (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('to a server that %s is to be tried again', async (_what, greet) => {
    expect(await send({ port: await rawServer(greet) })).toMatchObject({ outcome: 'retry' });
  });

  it('gives no password to a server without TLS, and shows none', async () => {
    let said = '';
    const plain = await rawServer((socket) => {
      socket.write('220 hello\r\n');
      socket.on('data', (chunk) => {
        said += chunk.toString();
        socket.write(chunk.toString().startsWith('EHLO') ? '250 AUTH PLAIN LOGIN\r\n' : '502 no\r\n');
      });
    });
    const answer = await send({ port: plain, login: 'me:canary-7@' });
    expect(answer.outcome).toBe('retry');
    expect(`${said} ${answer.detail}`).not.toMatch(/canary-7|AUTH|Y2FuYXJ5/);
  });

  it('is not sent to who wants nothing any more', async () => {
    expect(await send({ address: null })).toMatchObject({ outcome: 'gone' });
    expect(received).toEqual([]);
  });
});
