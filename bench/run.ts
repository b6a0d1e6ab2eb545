import { CommandLine } from './command-line.js';
import { measureGrowth } from './growth.js';
import { Pipeline, shown, type Round } from './pipeline.js';
import { measureIdle, measureRecovery } from './recovery.js';
import { linesOf, tableOf, type Measured } from './report.js';
import { machine, writeResult } from './result-file.js';
import { startServers } from './servers.js';

/** `npm run bench -- pipeline`: from Kafka to committed counters, held against yardsticks of the same run. */

const HELP = `npm run bench -- pipeline [options]

  --events N    events of a round (default 1000000)
  --rounds N    rounds, of which the median counts (default 5)
  --growth N    events stored for R5 and R10 (default 10000000)
  --beside      also what has no bound: small events, v7 ids, batch records, a pair and minute for every event
  --write       write bench/results/pipeline.json, which docs/performance.md explains
  --json        the result as JSON to standard output

It needs Java 17 and Maven, which bring Kafka, about 12 GB of disk and an otherwise idle machine. Five rounds take half an hour.
Exit code: 0 every bound held, 1 one was missed, 2 wrong use.
`;

const HOUR_MS = 3_600_000;
/** Events of the bench lie in the past, on one day where they can. */
const BEGAN_HOURS_AGO = 20;

const say = (line: string) => void process.stderr.write(`${line}\n`);

function readOptions() {
  const commandLine: CommandLine = new CommandLine(HELP);
  const { values, positionals } = commandLine.read({
    options: {
      events: { type: 'string', default: '1000000' },
      rounds: { type: 'string', default: '5' },
      growth: { type: 'string', default: '10000000' },
      beside: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (positionals.length !== 1 || positionals[0] !== 'pipeline')
    commandLine.refuse('name the bench: pipeline');
  return {
    ...values,
    events: commandLine.wholeNumber('events', values.events, 20_000),
    rounds: commandLine.wholeNumber('rounds', values.rounds, 1),
    growth: commandLine.wholeNumber('growth', values.growth, 2_000_000),
  };
}

const options = readOptions();
const servers = await startServers(say);
try {
  const startMs = Date.now() - BEGAN_HOURS_AGO * HOUR_MS;
  const sizes = { events: options.events, nestEvents: 20_000, duplicateEvents: options.events };
  const pipeline = new Pipeline(servers, sizes, startMs, say);
  const rounds: Round[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    say(`round ${round} of ${options.rounds}`);
    rounds.push(await pipeline.round());
  }
  const beside = options.beside ? await measureBeside(pipeline, options.events) : {};
  say('recovery');
  const recovery = await measureRecovery(servers, pipeline.workload({ events: 20_000, seed: 900 }));
  say('idle');
  const idle = await measureIdle(servers, pipeline.workload({}));
  say('growth');
  const growth = await measureGrowth(servers, pipeline.workload({ events: options.growth, seed: 7 }), say);
  const measured: Measured = { rounds, growth, recovery, idle };
  const lines = linesOf(measured);
  const result = { machine: machine(), measured, beside, lines };
  if (options.write) writeResult('pipeline', result);
  if (options.json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else process.stdout.write(`${tableOf(lines)}\n`);
  process.exitCode = lines.every(({ held }) => held) ? 0 : 1;
} finally {
  await servers.stop();
}

/** Loads of another kind, in events a second. */
async function measureBeside(pipeline: Pipeline, events: number): Promise<Record<string, string>> {
  const rate = async (
    name: string,
    ...[more, how]: [Parameters<Pipeline['workload']>[0], { batchRecords?: boolean }?]
  ) => {
    const found = await pipeline.taxameter(name, pipeline.workload({ events, ...more }), how);
    return [name, shown(found.rate)] as const;
  };
  say('beside');
  return Object.fromEntries([
    await rate('small events', { size: 'small' }),
    await rate('v7 ids', { ids: 'v7' }),
    await rate('batch records', {}, { batchRecords: true }),
    await rate('every event its own pair and minute', { callsPerMinute: 1, sessionsAtOnce: 20_000 }),
  ]);
}
