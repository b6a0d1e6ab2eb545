// Starts the one PostgreSQL server of a test run and tells the workers where it is.
import { mkdtemp, readdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'taxameter-test-';
/** Younger folders may belong to a run that is starting beside us and does not hold its lock yet. */
const LEFT_OVER_AFTER_MS = 600_000;

export default async function startPostgres() {
  if (process.env.TAXAMETER_TEST_DATABASE_URL) return;
  const built = await import('../dist/postgres/embedded-postgres.service.js').catch((cause) => {
    if (cause.code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new Error('libs/platform is not built: run npx tsc -b first', { cause });
  });
  await discardLeftOvers(built.discardEmbeddedPostgres);
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  const postgres = await built.startEmbeddedPostgres({ folder, durable: false });
  process.env.TAXAMETER_TEST_DATABASE_URL = postgres.url;
  // Jest runs set-up and tear-down in one process; a worker would not see this.
  globalThis.taxameterTestPostgres = { folder, postgres };
}

/**
 * A run ended by Ctrl-C never gets to its tear-down, and its server outlives it; one that is in use
 * refuses.
 */
async function discardLeftOvers(discard) {
  for (const entry of await readdir(tmpdir())) {
    if (!entry.startsWith(PREFIX)) continue;
    const folder = join(tmpdir(), entry);
    const found = await stat(folder).catch(() => undefined);
    if (found === undefined || Date.now() - found.mtimeMs < LEFT_OVER_AFTER_MS) continue;
    await discard(folder).catch(() => undefined);
  }
}
