import { parseArgs } from 'node:util';
import { Pipeline } from './pipeline.js';
import { startServers } from './servers.js';

const say = (line: string) => void process.stderr.write(`${line}\n`);
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '1' }, events: { type: 'string', default: '200000' } },
  allowPositionals: true,
});
const servers = await startServers(say);
try {
  const events = Number(values.events);
  const pipeline = new Pipeline(
    servers,
    { events, nestEvents: 20_000, duplicateEvents: Math.round(events / 2) },
    Date.now() - 20 * 3_600_000,
    say,
  );
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    say(`round ${round}`);
    process.stdout.write(`${JSON.stringify(await pipeline.round())}\n`);
  }
} finally {
  await servers.stop();
}
