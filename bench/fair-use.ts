import { CommandLine } from './command-line.js';
import { measureEndToEnd } from './fair-use-end-to-end.js';
import { measureKeyGrowth } from './fair-use-growth.js';
import { measureBackTest } from './fair-use-history.js';
import { measureLatency, type LatencySizes } from './fair-use-latency.js';
import { besideOf, fairUseLinesOf, type FairUseMeasured } from './fair-use-report.js';
import { median } from './pace.js';
import { shown } from './pipeline.js';
import { tableOf } from './report.js';
import { machine, writeResult } from './result-file.js';
import { startServers } from './servers.js';
import { DEFAULT_WORKLOAD, type Workload } from './workload.js';

/** `npm run bench -- fair-use`: judging held against counting, and how it grows. */

const HELP = `npm run bench -- fair-use [options]

  --full        the sizes of a run of record, about an hour; without it small ones, about eight minutes
  --parts LIST  of 1,2,3,4 (default all): 1 end to end, 2 how long a case takes (measures 1 first), 3 back-test, 4 growth with keys
  --rounds N    rounds, of which the median counts (default 3, with --full 5)
  --write       write bench/results/fair-use.json
  --json        the result as JSON to standard output

It needs Java 17 and Maven, which bring Kafka, and an otherwise idle machine.
Exit code: 0 every bound held, 1 one was missed, 2 wrong use.
`;

interface Sizes {
  readonly events: number;
  readonly rounds: number;
  readonly latency: LatencySizes;
  /** Minutes a day in which each of 1,000 integrations called, for the back-test. */
  readonly minutesOfDay: number;
  readonly growth: { readonly rounds: number; readonly scale: number };
}

const SMALL: Sizes = {
  events: 100_000,
  rounds: 3,
  latency: { seconds: 90, speed: 6 },
  minutesOfDay: 20,
  growth: { rounds: 1, scale: 0.25 },
};
const FULL: Sizes = {
  events: 1_000_000,
  rounds: 5,
  latency: { seconds: 600, speed: 1 },
  minutesOfDay: 100,
  growth: { rounds: 3, scale: 1 },
};
const PARTS = ['1', '2', '3', '4'];
/** Of the rate at which fair-use keeps up, measured in the same run. */
const SHARE_OF_FULL_RATE = 0.3;
const HOUR_MS = 3_600_000;
/** Events lie in the past, on one day where they can, and never ahead of the log. */
const BEGAN_HOURS_AGO = 20;

const say = (line: string) => void process.stderr.write(`${line}\n`);

function readOptions() {
  const commandLine: CommandLine = new CommandLine(HELP);
  const { values, positionals } = commandLine.read({
    options: {
      full: { type: 'boolean', default: false },
      parts: { type: 'string', default: PARTS.join(',') },
      rounds: { type: 'string' },
      write: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (positionals.length !== 1) commandLine.refuse('name the bench: fair-use');
  const parts = new Set(values.parts.split(','));
  if ([...parts].some((part) => !PARTS.includes(part)))
    commandLine.refuse(`--parts must be of ${PARTS.join(',')}`);
  const sizes = values.full ? FULL : SMALL;
  const rounds =
    values.rounds === undefined ? sizes.rounds : commandLine.wholeNumber('rounds', values.rounds, 1);
  return { ...values, parts, sizes: { ...sizes, rounds } };
}

const { parts, sizes, write, json } = readOptions();
const servers = await startServers(say);
try {
  const startMs = Date.now() - BEGAN_HOURS_AGO * HOUR_MS;
  const workload: Workload = { ...DEFAULT_WORKLOAD, startMs, events: sizes.events };
  const measured: { -readonly [Part in keyof FairUseMeasured]: FairUseMeasured[Part] } = {};
  if (parts.has('1') || parts.has('2')) {
    say('end to end');
    measured.endToEnd = await measureEndToEnd(servers, workload, sizes.rounds, say);
  }
  if (parts.has('2')) {
    const rate = Math.round(SHARE_OF_FULL_RATE * median(measured.endToEnd!.map(({ fairUse }) => fairUse)));
    say(`cases under a load of ${shown(rate)}`);
    measured.latency = await measureLatency(servers, workload, rate, sizes.latency, say);
  }
  if (parts.has('3')) {
    say('back-test');
    measured.backTest = await measureBackTest(servers, sizes.minutesOfDay, sizes.rounds, say);
  }
  if (parts.has('4')) {
    say('growth with keys');
    measured.growth = await measureKeyGrowth(servers, workload, sizes.growth.rounds, sizes.growth.scale, say);
  }
  const lines = fairUseLinesOf(measured);
  const { commit, ...where } = machine();
  const ratios = lines.map(({ id, what, value, bound }) => ({
    ...{ id, name: what, value },
    ...('atLeast' in bound
      ? { bound: bound.atLeast, better: 'higher' }
      : { bound: bound.atMost, better: 'lower' }),
  }));
  const result = { commit, machine: where, settings: sizes, ratios, measured };
  if (write) writeResult('fair-use', result);
  if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  else {
    const machineLine = `Machine: ${where.processors}, ${where.memoryGiB} GiB, Node ${where.node}; PostgreSQL ${where.postgres}; commit ${commit}.`;
    process.stdout.write(`${[tableOf(lines), '', ...besideOf(measured), machineLine].join('\n')}\n`);
  }
  process.exitCode = lines.every(({ held }) => held) ? 0 : 1;
} finally {
  await servers.stop();
}
