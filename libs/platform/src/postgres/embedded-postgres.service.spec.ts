/**
 * Proves the life of the embedded PostgreSQL with real processes: first start, tenth start, kill -9, two at
 * once.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { sentenceForOutput } from './embedded-postgres-failure.js';
import {
  discardEmbeddedPostgres,
  PostgresStartError,
  reachEmbeddedPostgres,
  startEmbeddedPostgres,
  type RunningPostgres,
} from './embedded-postgres.service.js';

const FIXTURE = fileURLToPath(new URL('./embedded-postgres.fixture.mjs', import.meta.url));
const isRoot = process.getuid?.() === 0;
const NOBODY = { uid: 65_534, gid: 65_534 };
const children: ChildProcess[] = [];
const started: RunningPostgres[] = [];
let base: string;

type Line = { url?: string; error?: string; name?: string; drained?: boolean; progress?: string };

/** A process that owns (or fails to own) the folder; `settled` is its first line that is not progress. */
function owner(folder: string, account: object = {}) {
  const child = spawn(process.execPath, [FIXTURE, folder], { detached: true, cwd: '/', ...account });
  children.push(child);
  const lines: Line[] = [];
  const exited = new Promise<void>((done) => child.once('exit', () => done()));
  const settled = new Promise<Line>((done) => {
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as Line;
      lines.push(line);
      if (line.progress === undefined) done(line);
    });
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  return { child, lines, settled, exited, kill };
}

async function query<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row | undefined> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows[0];
  } finally {
    await client.end();
  }
}

const pidFile = (folder: string) => join(folder, 'cluster', 'data', 'postmaster.pid');
const serverPid = async (folder: string) => parseInt(await readFile(pidFile(folder), 'utf8'), 10);
async function start(folder: string): Promise<RunningPostgres> {
  const postgres = await startEmbeddedPostgres({ folder, durable: false });
  started.push(postgres);
  return postgres;
}
const refusal = async (start: Promise<unknown>): Promise<string> => {
  const error: unknown = await start.then(
    () => 'it started',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PostgresStartError);
  return (error as Error).message;
};
/** A zombie is gone: whoever inherits the orphans of this machine may take its time to bury them. */
const isGone = (pid: number) =>
  /^(Z.*)?$/.test(spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim());

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'taxameter-embedded-'));
  await chmod(base, 0o777);
});

afterAll(async () => {
  for (const postgres of started) await postgres.stop();
  for (const child of children) child.kill('SIGKILL');
  await sleep(100);
  for (const entry of await readdir(base))
    await discardEmbeddedPostgres(join(base, entry)).catch(() => undefined);
  await rm(base, { recursive: true, force: true });
});

describe('the embedded PostgreSQL', () => {
  it('keeps what was written over three starts, in UTF-8 and UTC, behind a password', async () => {
    const folder = join(base, 'first', 'nested');
    for (const round of [1, 2, 3]) {
      const postgres = await start(folder);
      expect(postgres.url).toMatch(/^postgres:\/\/taxameter:[\w-]{32}@127\.0\.0\.1:\d+\/taxameter$/);
      await query(postgres.url, 'CREATE TABLE IF NOT EXISTS kept (id int)');
      await query(postgres.url, 'INSERT INTO kept VALUES (1)');
      const kept = await query(postgres.url, 'SELECT count(*)::int AS n, lower($$ÆØÅ$$) AS low FROM kept');
      expect(kept).toEqual({ n: round, low: 'æøå' });
      const shown = await query(
        postgres.url,
        `SELECT current_setting('TimeZone') AS zone, current_setting('server_encoding') AS encoding,
                current_setting('listen_addresses') AS listens,
                current_setting('unix_socket_directories') AS sockets`,
      );
      expect(shown).toEqual({ zone: 'UTC', encoding: 'UTF8', listens: '127.0.0.1', sockets: '' });
      const forged = postgres.url.replace(/:[\w-]{32}@/, ':password@');
      await expect(query(forged, 'SELECT 1')).rejects.toThrow('password authentication failed');
      const pid = await serverPid(folder);
      await Promise.all([postgres.stop(), postgres.stop()]);
      expect(isGone(pid)).toBe(true);
    }
    expect((await stat(join(folder, 'cluster', 'password'))).mode & 0o777).toBe(0o600);
    await discardEmbeddedPostgres(folder);
    await expect(stat(folder)).rejects.toThrow('ENOENT');
    await discardEmbeddedPostgres(folder);
  });

  it('finishes a first start that was killed at any moment of initdb', async () => {
    const folder = join(base, 'interrupted');
    for (const afterMs of [150, 300, 450]) {
      const first = owner(folder);
      // A busy machine may take longer than all three to begin, and then there is nothing of ours to finish.
      while (!(await readdir(folder).catch((): string[] => [])).includes('TAXAMETER-DATABASE.txt'))
        await sleep(10);
      await sleep(afterMs);
      await first.kill();
    }
    await mkdir(join(folder, 'unfinished-half', 'data'), { recursive: true });
    const postgres = await start(folder);
    expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual({ one: 1 });
    expect((await readdir(folder)).sort()).toEqual(['TAXAMETER-DATABASE.txt', 'cluster', 'server.log']);
    await postgres.stop();
  });

  it('takes over the server of an owner killed with -9, and ends its unfinished statements', async () => {
    const folder = join(base, 'orphan');
    const first = owner(folder);
    const { url = '' } = await first.settled;
    const before = await serverPid(folder);
    const stuck = query(url, 'SELECT pg_advisory_lock(77), pg_sleep(60)');
    stuck.catch(() => undefined);
    const held = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND granted`;
    while ((await query(url, held)) === undefined) await sleep(10);
    await first.kill();
    const postgres = await start(folder);
    expect(await serverPid(folder)).toBe(before);
    await expect(stuck).rejects.toThrow('terminating connection');
    expect(await query(postgres.url, 'SELECT pg_try_advisory_lock(77) AS free')).toEqual({ free: true });
    await postgres.stop();
    expect(isGone(before)).toBe(true);
  });

  it("starts on a dead server's pid file whose number now belongs to another process", async () => {
    const folder = join(base, 'orphan');
    const owned = await start(folder);
    const dead = await serverPid(folder);
    process.kill(dead, 'SIGKILL');
    await owned.stop();
    const data = await stat(join(folder, 'cluster', 'data'));
    const account = isRoot ? { uid: data.uid, gid: data.gid } : {};
    const editor = spawn('sleep', ['60'], { stdio: 'ignore', ...account });
    children.push(editor);
    const text = await readFile(pidFile(folder), 'utf8');
    await writeFile(pidFile(folder), text.replace(String(dead), String(editor.pid)));
    const postgres = await start(folder);
    expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual({ one: 1 });
    await postgres.stop();
    expect(editor.exitCode).toBeNull();
    editor.kill();
  });

  it('starts though a backend of the killed server still computes and holds its shared memory', async () => {
    const folder = join(base, 'orphan');
    const owned = await start(folder);
    query(owned.url, 'SELECT count(*) FROM generate_series(1, 100000000000)').catch(() => undefined);
    await sleep(300);
    process.kill(await serverPid(folder), 'SIGKILL');
    const postgres = await start(folder);
    expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual({ one: 1 });
    // The dead server's handle must not stop the server that came after it.
    await owned.stop();
    expect(await query(postgres.url, 'SELECT 2 AS two')).toEqual({ two: 2 });
    await postgres.stop();
  });

  it('keeps the server up after Ctrl-C in the process group until the owner has drained', async () => {
    const folder = join(base, 'orphan');
    const first = owner(folder);
    await first.settled;
    const pid = await serverPid(folder);
    process.kill(-(first.child.pid ?? 0), 'SIGINT');
    await first.exited;
    expect(first.lines.at(-1)).toEqual({ drained: true });
    expect(isGone(pid)).toBe(true);
  });
});

describe('who only looks into the database of a folder', () => {
  it('uses the server that runs and leaves it running, else starts one and stops it again', async () => {
    const folder = join(base, 'looked-at');
    const postgres = await start(folder);
    const beside = await reachEmbeddedPostgres(folder);
    expect(beside.url).toBe(postgres.url);
    await beside.stop();
    expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual({ one: 1 });
    await postgres.stop();
    const alone = await reachEmbeddedPostgres(folder);
    expect(await query(alone.url, 'SELECT 1 AS one')).toEqual({ one: 1 });
    const pid = await serverPid(folder);
    await alone.stop();
    expect(isGone(pid)).toBe(true);
  });

  it('makes no database where there is none', async () => {
    const folder = join(base, 'nothing-here');
    expect(await refusal(reachEmbeddedPostgres(folder))).toContain('There is no database of Taxameter in');
    await expect(stat(folder)).rejects.toThrow('ENOENT');
  });
});

describe('a second start on the same folder', () => {
  it('is refused with the number of the owning process, and so is discarding', async () => {
    const folder = join(base, 'shared');
    const postgres = await start(folder);
    expect(await refusal(start(folder))).toContain(`is already in use by process ${process.pid}`);
    expect(await refusal(discardEmbeddedPostgres(folder))).toContain('is already in use by process');
    expect(await query(postgres.url, 'SELECT 1 AS one')).toEqual({ one: 1 });
    // PostgreSQL restarts after the crash of a backend and forgets its locks: the owner takes its own again.
    const victim = query<never>(postgres.url, 'SELECT pg_sleep(60)');
    victim.catch(() => undefined);
    await sleep(200);
    const sleeping = await query<{ pid: number }>(
      postgres.url,
      "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'",
    );
    process.kill(sleeping?.pid ?? NaN, 'SIGKILL');
    await sleep(2_000);
    expect(await refusal(start(folder))).toContain(`is already in use by process ${process.pid}`);
    await postgres.stop();
  });

  it.each(['fresh', 'finished', 'orphaned'])(
    'wins exactly once among three at the same instant (%s)',
    async (kind) => {
      const folder = join(base, 'contended');
      if (kind === 'orphaned') {
        const dead = owner(folder);
        await dead.settled;
        await dead.kill();
      }
      const contenders = [owner(folder), owner(folder), owner(folder)];
      const outcomes = await Promise.all(contenders.map((contender) => contender.settled));
      const winners = contenders.filter((_, index) => outcomes[index]?.url !== undefined);
      expect(winners).toHaveLength(1);
      for (const { error } of outcomes.filter((outcome) => outcome.url === undefined)) {
        expect(error).toContain(`is already in use by process ${winners[0]?.child.pid}`);
      }
      winners[0]?.child.kill('SIGINT');
      await winners[0]?.exited;
      expect(winners[0]?.lines.at(-1)).toEqual({ drained: true });
    },
  );
});

describe('a folder that cannot be used', () => {
  it('is named in one sentence when it is a file, or holds foreign files, which stay', async () => {
    const file = join(base, 'file');
    await writeFile(file, 'mine');
    expect(await refusal(start(file))).toMatch(/^\/.*file, or a folder above it, is a file: .*\.$/);
    const foreign = join(base, 'foreign');
    await mkdir(foreign);
    await writeFile(join(foreign, 'PG_VERSION'), '18\n');
    expect(await refusal(start(foreign))).toMatch(/holds files that are not Taxameter's \(PG_VERSION\)/);
    expect(await refusal(discardEmbeddedPostgres(foreign))).toContain('was left alone');
    expect(await readdir(foreign)).toEqual(['PG_VERSION']);
  });

  (existsSync('/proc/self') ? it : it.skip)(
    'is refused where nobody can make one, instead of trying for ever',
    async () => {
      for (const folder of ['/proc/x', '/proc/x/y']) {
        expect(await refusal(start(folder))).toMatch(
          /^No folder can be made in \/proc, .*set DATA_DIR to another/,
        );
      }
    },
  );

  (isRoot ? it : it.skip)('names the parent that the server account may not enter, under root', async () => {
    const closed = join(base, 'closed');
    await mkdir(closed, { mode: 0o700 });
    expect(await refusal(start(join(closed, 'db')))).toContain(`may not enter ${closed} (needed for `);
  });

  (isRoot ? it : it.skip)(
    'works for an ordinary user, then for root, and refuses a foreign folder',
    async () => {
      const folder = join(base, 'ordinary');
      const ordinary = owner(folder, NOBODY);
      expect((await ordinary.settled).url).toBeDefined();
      ordinary.child.kill('SIGINT');
      await ordinary.exited;
      const postgres = await start(folder);
      await postgres.stop();
      expect((await stat(join(folder, 'cluster', 'data'))).uid).toBe(NOBODY.uid);
      await mkdir(join(base, 'roots'), { mode: 0o755 });
      const refused = await owner(join(base, 'roots', 'db'), NOBODY).settled;
      expect(refused.name).toBe('PostgresStartError');
      expect(refused.error).toContain('may not be read or written by this user');
    },
  );

  (isRoot ? it : it.skip)('says that the disk is full, and starts once there is space', async () => {
    const disk = join(base, 'disk');
    await mkdir(disk);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=20m', 'tmpfs', disk]).status !== 0) return;
    try {
      const folder = join(disk, 'db');
      expect(await refusal(start(folder))).toContain('No space is left on the disk');
      spawnSync('mount', ['-o', 'remount,size=200m', disk]);
      await (await start(folder)).stop();
    } finally {
      spawnSync('umount', [disk]);
    }
  });

  it('gets the server’s own reason when no sentence of ours fits', () => {
    expect(sentenceForOutput('2026 [7] LOG:  x\n2026 [7] FATAL:  could not map memory\n', '/db')).toBe(
      'The embedded PostgreSQL in /db did not start (could not map memory): see server.log there, ' +
        'or set DATABASE_URL to a PostgreSQL server of your own.',
    );
  });
});
