/**
 * Owns the server process: launching it out of reach of Ctrl-C, reading what postmaster.pid says, stopping
 * it.
 */
import { execFile, spawn } from 'node:child_process';
import { open, readdir, readFile, readlink, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cannotRun, CHILD_ENVIRONMENT, run } from './embedded-postgres-binaries.service.js';
import { own, writeSettings } from './embedded-postgres-folder.service.js';
import type { Cluster } from './embedded-postgres-folder.service.js';

const execute = promisify(execFile);
const LOG_LIMIT_BYTES = 10_000_000;
/** Above every system's highest process id, hence the id of nobody. */
const NOBODYS_PID = 2_000_000_000;

/** What runs on the cluster now: nothing, a server on its way up or down, or one that listens. */
export type ServerState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'between'; readonly pid: number }
  | { readonly kind: 'ready'; readonly pid: number; readonly port: number };

/**
 * Reads postmaster.pid and checks that its process is a server of this cluster; a foreign process is
 * disregarded.
 */
export async function serverState(cluster: Cluster): Promise<ServerState> {
  const text = await readFile(join(cluster.data, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return { kind: 'absent' };
  if (!(await isServerOf(pid, cluster.data))) {
    await disown(cluster, text, pid);
    return { kind: 'absent' };
  }
  // The eighth line is written last; before "ready" the port on the fourth may still be somebody else's.
  const port = Number(lines[3]);
  return lines[7]?.trim() === 'ready' && port > 0 ? { kind: 'ready', pid, port } : { kind: 'between', pid };
}

/**
 * PostgreSQL refuses to start while the process of the file lives and has the same user, though it be an
 * editor that got the number of the dead server. Only the number is replaced, the file stays: PostgreSQL
 * goes on to check by the shared memory named in it that no backend of the dead server is still writing.
 */
async function disown(cluster: Cluster, seen: string, pid: number): Promise<void> {
  const path = join(cluster.data, 'postmaster.pid');
  if ((await readFile(path, 'utf8').catch(() => '')) !== seen) return;
  await writeFile(path, seen.replace(String(pid), String(NOBODYS_PID)));
}

/**
 * Removes a lock file that stays empty (the disk was full when it was written): PostgreSQL itself never
 * would.
 */
export async function removeEmptyPidFile(cluster: Cluster): Promise<void> {
  await sleep(1_000);
  const path = join(cluster.data, 'postmaster.pid');
  const file = await stat(path).catch(() => undefined);
  if (file?.size === 0) await rm(path, { force: true });
}

/**
 * Ends backends that outlived their killed server and hold its shared memory, which blocks the next start.
 * They are found by working folder and title, so on Linux only; elsewhere they end by themselves after
 * their statement.
 */
export async function endLeftoverBackends(cluster: Cluster): Promise<void> {
  for (const entry of await readdir('/proc').catch(() => [])) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || (await workingFolder(pid)) !== cluster.data) continue;
    // A server has the path of its program here, a backend its title: another start's server is spared.
    if (!(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).startsWith('postgres: ')) continue;
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    // A living server is the parent of its backends; orphans have been given to another parent.
    if (parent > 0 && (await workingFolder(parent)) !== cluster.data) signal(pid, 'SIGKILL');
  }
}

async function workingFolder(pid: number): Promise<string | undefined> {
  return readlink(`/proc/${pid}/cwd`).catch(() => undefined);
}

function isAlive(pid: number): boolean {
  return signal(pid, 0);
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A server changes into its data folder and keeps the folder in its arguments; a zombie has neither. */
async function isServerOf(pid: number, data: string): Promise<boolean> {
  if (process.platform === 'win32') return isAlive(pid);
  if (process.platform === 'linux') {
    const cwd = await workingFolder(pid);
    if (cwd !== undefined) return cwd === data;
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes(data);
  }
  const { stdout } = await execute('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.includes('postgres') && stdout.includes(data);
}

/**
 * A server that this process launched. `exited` is undefined while it runs, then what it printed before its
 * end.
 */
export interface LaunchedServer {
  readonly pid: number;
  exited: string | undefined;
}

/**
 * Launches the server in a session of its own: Ctrl-C and a closed terminal reach this process only, which
 * stops the server when its consumers have drained. For the same reason it writes to a file: a pipe would
 * end with us.
 * @throws PostgresStartError when the program cannot be run at all
 */
export async function launch(cluster: Cluster): Promise<LaunchedServer> {
  await writeSettings(cluster);
  const before = await stat(cluster.log).catch(() => undefined);
  if ((before?.size ?? 0) > LOG_LIMIT_BYTES) await truncate(cluster.log);
  const port = await freePort();
  const log = await open(cluster.log, 'a', 0o600);
  try {
    await own(cluster.account, cluster.log);
    const offset = (await log.stat()).size;
    const child = spawn(cluster.binaries.postgres, ['-D', cluster.data, '-p', String(port)], {
      ...cluster.account,
      ...CHILD_ENVIRONMENT,
      cwd: cluster.folder,
      detached: true,
      windowsHide: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const launched: LaunchedServer = { pid: child.pid ?? 0, exited: undefined };
    child.once('exit', () => {
      void logSince(cluster.log, offset).then((text) => (launched.exited = text));
    });
    await new Promise<void>((done, fail) => {
      child.once('spawn', done);
      child.once('error', (error: NodeJS.ErrnoException) => {
        fail(error.code === 'ENOENT' ? cannotRun(cluster.binaries.postgres) : error);
      });
    });
    child.unref();
    return launched;
  } finally {
    await log.close();
  }
}

async function logSince(path: string, offset: number): Promise<string> {
  const bytes = await readFile(path).catch(() => Buffer.alloc(0));
  return bytes.subarray(Math.min(offset, bytes.length)).toString('utf8');
}

/**
 * Free at this moment; whoever takes it before PostgreSQL does makes the launch fail, and it is tried
 * again.
 */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen(0, '127.0.0.1', done);
  });
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address ? address.port : 0;
}

/**
 * Stops the server: sessions are ended, what is committed is on disk. Waits for the end; no server, no
 * effect.
 */
export async function stopServer(cluster: Cluster): Promise<void> {
  for (const [mode, seconds] of [
    ['fast', 60],
    ['immediate', 20],
  ] as const) {
    const state = await serverState(cluster);
    if (state.kind === 'absent') return;
    const wait = ['--wait', `--timeout=${seconds}`];
    // A failure shows in the next round's state: pg_ctl also fails when the server ended just before.
    await run(cluster.binaries.pgCtl, ['stop', `--pgdata=${cluster.data}`, `--mode=${mode}`, ...wait], {
      account: cluster.account,
      cwd: cluster.folder,
    }).catch(() => undefined);
    // The pid file goes a moment before its process does; a zombie counts as gone.
    for (let tries = 0; tries < 100 && (await isServerOf(state.pid, cluster.data)); tries += 1)
      await sleep(10);
  }
}
