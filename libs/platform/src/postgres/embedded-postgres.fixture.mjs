// A process that owns an embedded PostgreSQL until it is told or killed; the spec starts it and reads its
// lines.
import pg from 'pg';
import { startEmbeddedPostgres } from '../../dist/postgres/embedded-postgres.service.js';

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
try {
  const postgres = await startEmbeddedPostgres({
    folder: process.argv[2],
    durable: false,
    onProgress: (progress) => say({ progress }),
  });
  process.once('SIGINT', async () => {
    // A consumer that is still draining while the terminal's Ctrl-C has gone to the whole process group.
    await new Promise((done) => setTimeout(done, 300));
    const client = new pg.Client(postgres.url);
    await client.connect();
    await client.end();
    say({ drained: true });
    await postgres.stop();
  });
  say({ url: postgres.url });
} catch (error) {
  say({ error: error.message, name: error.name });
  process.exitCode = 1;
}
