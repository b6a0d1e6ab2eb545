// Starts the one PostgreSQL server of a test run, stands ready to start the one Kafka broker, and tells the workers.
import { mkdtemp, readdir, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'taxameter-test-';
/** Younger folders may belong to a run that is starting beside us and does not hold its lock yet. */
const LEFT_OVER_AFTER_MS = 600_000;

export default async function startServers() {
  // Jest runs set-up and tear-down in one process; a worker would not see this.
  globalThis.taxameterTestServers = { stop: [] };
  await startPostgres();
  await offerKafka();
}

async function startPostgres() {
  if (process.env.TAXAMETER_TEST_DATABASE_URL) return;
  const built = await importBuilt('postgres/embedded-postgres.service.js');
  await discardLeftOvers(built.discardEmbeddedPostgres);
  const folder = await mkdtemp(join(tmpdir(), PREFIX));
  const postgres = await built.startEmbeddedPostgres({ folder, durable: false });
  process.env.TAXAMETER_TEST_DATABASE_URL = postgres.url;
  globalThis.taxameterTestServers.stop.push(async () => {
    await postgres.stop();
    await built.discardEmbeddedPostgres(folder);
  });
}

/**
 * Few specs need Kafka, and set-up does not know which were chosen: so the first one that asks, in whichever worker, makes
 * this process start the broker, and all others get the same answer.
 */
async function offerKafka() {
  if (process.env.KAFKA_BROKERS) return;
  const { startTestBroker } = await importBuilt('testing/kafka-broker.service.js');
  const { discardLeftOverBrokers } = await importBuilt('testing/kafka-left-overs.service.js');
  await discardLeftOverBrokers(tmpdir());
  let starting;
  const server = createServer((request, response) => {
    starting ??= startTestBroker();
    starting.then(
      ({ brokers }) => response.end(brokers),
      (error) => response.writeHead(503).end(error.message),
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  process.env.TAXAMETER_TEST_KAFKA_STARTER = `http://127.0.0.1:${server.address().port}/`;
  globalThis.taxameterTestServers.stop.push(async () => {
    server.closeAllConnections();
    server.close();
    const broker = await starting?.catch(() => undefined);
    await broker?.stop();
  });
}

async function importBuilt(path) {
  return import(`../dist/${path}`).catch((cause) => {
    if (cause.code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new Error('libs/platform is not built: run npx tsc -b first', { cause });
  });
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
