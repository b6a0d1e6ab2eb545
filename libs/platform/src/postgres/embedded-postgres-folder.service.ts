/**
 * Owns the database folder: what is in it, that it is ours, and that a first start is done wholly or not at
 * all.
 */
import { randomBytes } from 'node:crypto';
import {
  appendFile,
  chown,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
} from 'node:fs/promises';
import { writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { chooseAccount, checkReachable, run } from './embedded-postgres-binaries.service.js';
import type { Account, Binaries } from './embedded-postgres-binaries.service.js';
import { PostgresStartError } from './embedded-postgres-failure.js';

const MARKER = 'TAXAMETER-DATABASE.txt';
const MARKER_TEXT =
  'Taxameters database. Slet ikke enkelte filer her.\n' +
  'The database of Taxameter. Do not delete single files here.\n';
const UNFINISHED = 'unfinished-';
/** What a disk's or a desktop's own housekeeping puts into an empty folder. */
const HARMLESS = new Set(['lost+found', '.DS_Store']);

/** An initialised database folder; `data` is PostgreSQL's own part of it. */
export interface Cluster {
  readonly folder: string;
  readonly data: string;
  readonly log: string;
  readonly password: string;
  readonly account: Account | undefined;
  readonly binaries: Binaries;
  /** False only in tests: see `writeSettings`. */
  readonly durable: boolean;
}

/** True when the folder carries our marker. A missing folder or an empty one is not ours. */
export async function isOurs(folder: string): Promise<boolean> {
  return exists(join(folder, MARKER));
}

/**
 * Opens the folder, making and initialising it where needed.
 * @throws PostgresStartError when the folder is a file, holds foreign files or cannot be entered
 * @throws Error of the file system or of initdb, for `startErrorFrom`
 */
export async function openCluster(
  path: string,
  binaries: Binaries,
  options: { durable: boolean; onProgress: (line: string) => void },
): Promise<Cluster> {
  await makeFolder(resolve(path));
  const folder = await realpath(path);
  await claim(folder);
  const finished = join(folder, 'cluster');
  const owner = await stat(join(finished, 'data')).catch(() => undefined);
  const account = await chooseAccount(owner);
  await own(account, folder, join(folder, MARKER));
  await checkReachable(account, [folder, binaries.initdb, binaries.postgres]);
  if (!(await exists(finished))) {
    options.onProgress(`Creating the database in ${folder} (only at the first start)`);
    await initialise(folder, finished, binaries, account, options.durable);
  }
  return readCluster(folder, binaries, account, options.durable);
}

/**
 * With its parents. Not `recursive` of Node: where a file system refuses with "no such file" although the parent is there, as `/proc`
 * does, Node tries for ever.
 */
async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolder(parent);
  try {
    await mkdir(path, { mode: 0o755 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await isFolder(path))) return;
    if (code !== 'ENOENT') throw error;
    throw new PostgresStartError(
      `No folder can be made in ${parent}, so ${path} cannot hold the database: set DATA_DIR to another folder, ` +
        `or set DATABASE_URL to a PostgreSQL server of your own.`,
      { cause: error },
    );
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await exists(path)) && (await stat(path)).isDirectory();
}

/**
 * The cluster of a folder that has been opened before, or undefined when its first start was never
 * finished.
 */
export async function existingCluster(path: string, binaries: Binaries): Promise<Cluster | undefined> {
  const folder = await realpath(path);
  const owner = await stat(join(folder, 'cluster', 'data')).catch(() => undefined);
  return owner && readCluster(folder, binaries, await chooseAccount(owner), true);
}

async function readCluster(
  folder: string,
  binaries: Binaries,
  account: Account | undefined,
  durable: boolean,
): Promise<Cluster> {
  const [data, log] = [join(folder, 'cluster', 'data'), join(folder, 'server.log')];
  const password = await readFile(join(folder, 'cluster', 'password'), 'utf8');
  return { folder, data, log, password, account, binaries, durable };
}

/**
 * The marker goes in before anything else, so that whatever an interrupted start leaves is known to be
 * ours.
 */
async function claim(folder: string): Promise<void> {
  const entries = await readdir(folder);
  const foreign = entries.filter((entry) => !HARMLESS.has(entry));
  if (foreign.length > 0 && !(await isOurs(folder))) {
    throw new PostgresStartError(
      `The folder ${folder} holds files that are not Taxameter's (${foreign.slice(0, 3).join(', ')}): ` +
        `choose an empty or a new folder for the database.`,
    );
  }
  if (!entries.includes(MARKER)) await writeFile(join(folder, MARKER), MARKER_TEXT);
}

/**
 * Builds password and data aside and renames them together: a start killed at any moment leaves either no
 * cluster or a whole one. Two first starts build two; the rename of the second fails on the full folder and
 * it takes the first one's.
 */
async function initialise(
  folder: string,
  finished: string,
  binaries: Binaries,
  account: Account | undefined,
  durable: boolean,
): Promise<void> {
  const unfinished = join(folder, `${UNFINISHED}${randomBytes(6).toString('hex')}`);
  const data = join(unfinished, 'data');
  const passwordFile = join(unfinished, 'password');
  try {
    await mkdir(unfinished, { mode: 0o700 });
    await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
    await own(account, unfinished, passwordFile);
    const login = ['--username=taxameter', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
    // The built-in locale sorts by code point on every machine alike, yet knows Æ, Ø and Å in lower() and
    // ILIKE.
    const text = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const speed = durable ? [] : ['--no-sync'];
    await run(binaries.initdb, [`--pgdata=${data}`, ...login, ...text, ...speed], { account, cwd: folder });
    await appendFile(join(data, 'postgresql.conf'), "\ninclude 'taxameter.conf'\n");
    await rename(unfinished, finished);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    if (!(await exists(join(finished, 'data')))) throw error;
  }
}

/** Removes what interrupted first starts left. Only the owner may call it; a left-over that resists waits. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(UNFINISHED)) continue;
    await rm(join(folder, entry), { recursive: true, force: true }).catch(() => undefined);
  }
}

/**
 * Removes what is ours, the marker last, then the folder unless somebody else's files (or a mount) keep it.
 */
export async function removeFolder(folder: string): Promise<void> {
  const doomed = join(folder, `${UNFINISHED}${randomBytes(6).toString('hex')}`);
  // Renamed first: a removal killed half-way must not leave something that looks like a whole cluster.
  await rename(join(folder, 'cluster'), doomed).catch(() => undefined);
  for (const entry of await readdir(folder)) {
    if (!entry.startsWith(UNFINISHED) && entry !== 'server.log') continue;
    await rm(join(folder, entry), { recursive: true, force: true, maxRetries: 5 });
  }
  await rm(join(folder, MARKER), { force: true });
  await rmdir(folder).catch(() => undefined);
}

/**
 * Writes the settings, for the launch or the reload that follows: each start does, so that a new version's
 * settings reach an old folder. Written aside and renamed, since another start's server may be reading
 * them.
 */
export async function writeSettings(cluster: Cluster): Promise<void> {
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 100,
    shared_buffers: '256MB',
    // With the default of 1 GB a full-speed import forces a checkpoint every few seconds.
    max_wal_size: '2GB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    log_line_prefix: '%m [%p] ',
    // A statement whose client was killed ends within a second instead of holding its locks to the end.
    client_connection_check_interval: process.platform === 'win32' ? 0 : '1s',
    ...(cluster.durable ? {} : { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' }),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);
  const path = join(cluster.data, 'taxameter.conf');
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(aside, `# Written at every start.\n${lines.join('')}`, { mode: 0o600 });
  await own(cluster.account, aside);
  await rename(aside, path);
}

/** Gives files made by root to the server's account. */
export async function own(account: Account | undefined, ...paths: string[]): Promise<void> {
  if (account === undefined) return;
  for (const path of paths) await chown(path, account.uid, account.gid);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
