/**
 * Owns the life of the embedded PostgreSQL: one folder, one server, one owning process, whatever died
 * before.
 */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findBinaries } from './embedded-postgres-binaries.service.js';
import { PostgresStartError, sentenceForOutput, startErrorFrom } from './embedded-postgres-failure.js';
import * as folders from './embedded-postgres-folder.service.js';
import type { Cluster } from './embedded-postgres-folder.service.js';
import { OwnerLock } from './embedded-postgres-lock.service.js';
import * as servers from './embedded-postgres-process.service.js';
import type { LaunchedServer } from './embedded-postgres-process.service.js';

export { PostgresStartError } from './embedded-postgres-failure.js';

const DATABASE = 'taxameter';
const LOOK_EVERY_MS = 20;
/** A server that listens but lets nobody in for so long is stuck, not busy. */
const SILENCE_LIMIT_MS = 20_000;
/** After a power cut the server replays up to `max_wal_size` before it is ready. */
const START_LIMIT_MS = 300_000;

/** A server of ours. `url` has the form postgres://taxameter:PASSWORD@127.0.0.1:PORT/taxameter. */
export interface RunningPostgres {
  readonly url: string;
  /** Ends all sessions, stops the server and waits for its end; a second call waits for the first. */
  stop(): Promise<void>;
}

/** What `startEmbeddedPostgres` takes. */
export interface EmbeddedPostgresOptions {
  /** Made when it is missing; must be empty or ours. */
  readonly folder: string;
  readonly onProgress?: (line: string) => void;
  /** False only for tests: nothing is flushed to disk, so a power cut loses the database. */
  readonly durable?: boolean;
}

/**
 * Starts the server of a folder, or takes over one that a killed process left running.
 * @throws PostgresStartError with one sentence; nothing else
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<RunningPostgres> {
  const { durable = true, onProgress = () => undefined } = options;
  const folder = resolve(options.folder);
  try {
    const binaries = await findBinaries();
    const cluster = await folders.openCluster(folder, binaries, { durable, onProgress });
    const owned = await becomeOwner(cluster, onProgress);
    const { lock, port } = owned;
    try {
      if (owned.adopted) await takeOver(cluster, lock);
      const known = await lock.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
      if (known.length === 0) await lock.query(`CREATE DATABASE ${DATABASE}`);
      await folders.removeUnfinished(cluster.folder);
    } catch (error) {
      await stopOwned(cluster, owned);
      throw error;
    }
    let stopping: Promise<void> | undefined;
    return {
      url: `postgres://taxameter:${cluster.password}@127.0.0.1:${port}/${DATABASE}`,
      stop: () => (stopping ??= stopOwned(cluster, owned)),
    };
  } catch (error) {
    throw startErrorFrom(error, folder);
  }
}

/**
 * The server of a folder that has been used before: the one that runs, beside its owner and without becoming it, else one
 * that is started and stopped again by `stop`.
 * @throws PostgresStartError with one sentence, also when no database was ever made there
 */
export async function reachEmbeddedPostgres(path: string): Promise<RunningPostgres> {
  const folder = resolve(path);
  try {
    const isThere =
      (await stat(folder).catch(() => undefined)) !== undefined && (await folders.isOurs(folder));
    const cluster = isThere ? await folders.existingCluster(folder, await findBinaries()) : undefined;
    if (cluster === undefined) {
      throw new PostgresStartError(
        `There is no database of Taxameter in ${folder}: set DATA_DIR to its folder, or DATABASE_URL.`,
      );
    }
    const state = await servers.serverState(cluster);
    if (state.kind !== 'ready') return await startEmbeddedPostgres({ folder });
    return {
      url: `postgres://taxameter:${cluster.password}@127.0.0.1:${state.port}/${DATABASE}`,
      stop: () => Promise.resolve(),
    };
  } catch (error) {
    throw startErrorFrom(error, folder);
  }
}

/**
 * Stops a server that a killed process left and removes the database with its folder. A missing folder is
 * fine; files that are not ours stay, and the folder with them.
 * @throws PostgresStartError when a living process uses the folder, or when the folder is not ours
 */
export async function discardEmbeddedPostgres(path: string): Promise<void> {
  const folder = resolve(path);
  try {
    if ((await stat(folder).catch(() => undefined)) === undefined) return;
    if (!(await folders.isOurs(folder))) {
      throw new PostgresStartError(`The folder ${folder} is not a database of Taxameter and was left alone.`);
    }
    const cluster = await folders.existingCluster(folder, await findBinaries());
    if (cluster && (await servers.serverState(cluster)).kind !== 'absent') {
      await stopOwned(cluster, await becomeOwner(cluster, () => undefined));
    }
    await folders.removeFolder(folder);
  } catch (error) {
    throw startErrorFrom(error, folder);
  }
}

interface Ownership {
  readonly lock: OwnerLock;
  readonly pid: number;
  readonly port: number;
  readonly adopted: boolean;
}

/**
 * Looks again and again until this process holds the lock of a server, or another process does. A server
 * that runs without owner is adopted, not restarted: between "its owner is dead" and "it is stopped" a
 * second start could have launched or taken it, whereas taking the lock is a single step that only one can
 * win, whoever launched.
 */
async function becomeOwner(cluster: Cluster, onProgress: (line: string) => void): Promise<Ownership> {
  const begun = Date.now();
  let launched: LaunchedServer | undefined;
  let silentSince: number | undefined;
  for (;;) {
    const state = await servers.serverState(cluster);
    if (state.kind === 'ready') {
      silentSince ??= Date.now();
      const login = { port: state.port, password: cluster.password };
      const answer = await OwnerLock.take(login, onProgress).catch((error: unknown) => error);
      if (answer instanceof OwnerLock) {
        return { lock: answer, pid: state.pid, port: state.port, adopted: launched?.pid !== state.pid };
      }
      if (isHolder(answer)) throw inUse(cluster, answer.heldBy);
      refuseWhenHopeless(cluster, state.pid, answer, silentSince);
    } else {
      silentSince = undefined;
      if (launched?.exited !== undefined) {
        await clearTheWay(cluster, launched.exited, begun);
        launched = undefined;
      } else if (launched === undefined && state.kind === 'absent') {
        onProgress('Starting PostgreSQL');
        launched = await servers.launch(cluster);
      }
    }
    if (Date.now() - begun > START_LIMIT_MS) {
      throw new PostgresStartError(
        `PostgreSQL in ${cluster.folder} is not ready after five minutes: see server.log.`,
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
}

function isHolder(answer: unknown): answer is { heldBy: number } {
  return typeof answer === 'object' && answer !== null && 'heldBy' in answer;
}

function inUse(cluster: Cluster, pid: number): PostgresStartError {
  return new PostgresStartError(
    `The database folder ${cluster.folder} is already in use by process ${pid}: stop that process first, ` +
      `or choose another folder.`,
  );
}

/** A refused password never gets better; a refused connection does, unless the server is stuck. */
function refuseWhenHopeless(cluster: Cluster, pid: number, answer: unknown, silentSince: number): void {
  const { code = '', message } = answer as { code?: string; message: string };
  if (code.startsWith('28')) {
    throw new PostgresStartError(
      `The password file in ${cluster.folder} does not fit the database (${message}): restore the file ` +
        `cluster/password from a backup, or choose another folder.`,
    );
  }
  if (Date.now() - silentSince > SILENCE_LIMIT_MS) {
    throw new PostgresStartError(
      `The PostgreSQL server of ${cluster.folder} runs as process ${pid} but lets nobody in (${message}): ` +
        `stop the process and start again.`,
    );
  }
}

/**
 * Decides by its last words what follows the end of a server that we launched: another try, or the
 * sentence.
 */
async function clearTheWay(cluster: Cluster, lastWords: string, begun: number): Promise<void> {
  const stillPatient = Date.now() - begun < SILENCE_LIMIT_MS;
  // Another port is chosen by the next launch; or another process launched first, and has the server or the
  // lock.
  if (stillPatient && /Address already in use/.test(lastWords)) return;
  if (stillPatient && /lock file "postmaster.pid" already exists/.test(lastWords)) return;
  if (stillPatient && /lock file "postmaster.pid" is empty/.test(lastWords)) {
    return servers.removeEmptyPidFile(cluster);
  }
  if (stillPatient && /pre-existing shared memory block/.test(lastWords)) {
    // They end by themselves within milliseconds unless a statement is running.
    await sleep(500);
    return servers.endLeftoverBackends(cluster);
  }
  // Stopped while it was starting, by an owner that was faster with the lock and already left.
  if (stillPatient && /received (fast|immediate|smart) shutdown request/.test(lastWords)) return;
  throw new PostgresStartError(sentenceForOutput(lastWords, cluster.folder));
}

/**
 * An adopted server gets this start's settings, and the dead owner's unfinished statements lose their
 * locks.
 */
async function takeOver(cluster: Cluster, lock: OwnerLock): Promise<void> {
  await folders.writeSettings(cluster);
  await lock.query('SELECT pg_reload_conf()');
  await lock.query(
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
      WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
  );
}

/**
 * The lock is kept until the server is gone: nobody can adopt a server that is about to stop. A server of
 * another number came after ours had died, and belongs to the start that launched it.
 */
async function stopOwned(cluster: Cluster, { lock, pid }: Ownership): Promise<void> {
  const ours = await lock.expectEnd();
  const state = await servers.serverState(cluster);
  if (ours && state.kind !== 'absent' && state.pid === pid) await servers.stopServer(cluster);
  await lock.release();
}
