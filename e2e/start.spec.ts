import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { taxameter, temporaryFolder } from './command-line.js';

/** `npm start` as people meet it: it says where it is, it stops politely, and a start that cannot work is one sentence. */
describe('npm start', () => {
  let base: string;

  beforeAll(() => {
    base = temporaryFolder('start');
  });

  afterAll(() => {
    rmSync(base, { recursive: true, force: true });
  });

  const failure = async (env: Record<string, string>) => {
    const { code, stderr } = await taxameter(['start'], { PORT: '0', ...env }).finished;
    return { code, last: stderr.trim().split('\n').at(-1) };
  };

  it('prints a link by which one signs in once, takes an import, and stops when it is told', async () => {
    const env = { DATA_DIR: join(base, 'up'), PORT: '0' };
    const running = taxameter(['start'], env);
    const shown = await running.shows(/#setup=[\w-]+/);
    const [, address, setup] = /(http:\/\/127\.0\.0\.1:\d+)\/#setup=([\w-]+)/.exec(shown)!;
    const signIn = () =>
      fetch(`${address}/v1/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ setup }),
      });
    const session = await signIn();
    expect([session.status, (await signIn()).status]).toEqual([200, 401]);
    const cookie = session.headers.get('set-cookie')!.split(';')[0]!;
    expect((await fetch(`${address}/v1/usage?granularity=day`, { headers: { cookie } })).status).toBe(200);

    const log = join(base, 'access.log');
    const when = new Date(Date.now() - 60_000).toISOString();
    writeFileSync(
      log,
      `${JSON.stringify({ ts: when, method: 'GET', path: '/v1/148383/contacts', status: 200, client: 'isv_a' })}\n`,
    );
    const map = 'integrationId=client,time=ts,method=method,path=path,status=status';
    const imported = await taxameter(['import', log, '--format', 'jsonl', '--map', map], env).finished;
    expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining('1 accepted') });

    const second = await failure({ ...env });
    expect(second.code).toBe(1);
    expect(second.last).toMatch(/already in use by process \d+/);

    running.child.kill('SIGTERM');
    expect((await running.finished).code).toBe(0);
  });

  it('says which port is in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const { code, last } = await failure({ DATA_DIR: join(base, 'port'), PORT: String(port) });
    server.close();
    expect(code).toBe(1);
    expect(last).toContain(`port ${port} is in use`);
  });

  it('says which folder cannot be used', async () => {
    const file = join(base, 'a-file');
    writeFileSync(file, '');
    const { code, last } = await failure({ DATA_DIR: file });
    expect(code).toBe(1);
    expect(last).toContain(file);
  });

  it('says that the database is away, without its password', async () => {
    const { code, last } = await failure({
      DATABASE_URL: 'postgres://taxameter:geheim@127.0.0.1:9/taxameter',
    });
    expect(code).toBe(1);
    expect(last).toContain('cannot use the database at 127.0.0.1:9/taxameter');
    expect(last).not.toContain('geheim');
  });

  it('says which setting is wrong', async () => {
    const { code, last } = await failure({ DATA_DIR: join(base, 'setting'), PORT: 'eighty' });
    expect(code).toBe(1);
    expect(last).toContain('PORT');
  });

  it('ends wrong use with 2', async () => {
    expect((await taxameter(['demo', '--no-such-flag']).finished).code).toBe(2);
  });
});
