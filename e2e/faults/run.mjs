// `npm run faults`: readers and brokers killed while events flow, in the long form, and mutants that must be noticed.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { FAULTS } from './faults.mjs';
import { runJest } from './jest.mjs';
import { MUTANTS } from './mutants.mjs';
import { inACopy } from './scratch-copy.mjs';

const HELP = `npm run faults -- [options]

  --rounds N     how often each thing is killed (default 20)
  --events N     events that flow meanwhile, for the campaign (4000 a round where that is more)
  --seed S       which moments are chosen; without it a new one, which is printed
  --only NAME    one fault, or with --mutants one mutant
  --mutants      takes one protection after the other off in a copy, and expects the fault's specs to fail
  --list         what there is

It needs Java 17 and Maven, which bring the brokers. Exit code: 0 all held, 1 something did not, 2 wrong use.
`;

function refuse(sentence) {
  process.stderr.write(`${sentence}\n\n${HELP}`);
  process.exit(2);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        rounds: { type: 'string', default: '20' },
        events: { type: 'string', default: '0' },
        seed: { type: 'string', default: String(randomInt(1_000_000_000)) },
        only: { type: 'string' },
        mutants: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    for (const name of ['rounds', 'seed', 'events']) {
      if (!/^\d{1,9}$/.test(values[name])) refuse(`--${name} must be a whole number, not "${values[name]}"`);
    }
    if (Number(values.rounds) === 0) refuse('--rounds must be at least 1');
    return {
      ...values,
      rounds: Number(values.rounds),
      events: Number(values.events),
      seed: Number(values.seed),
    };
  } catch (error) {
    return refuse(error.message);
  }
}

function chosen(all, only) {
  const found = all.filter(({ name }) => only === undefined || name === only);
  if (found.length === 0) refuse(`"${only}" is none of ${all.map(({ name }) => name).join(', ')}`);
  return found;
}

const say = (line) => process.stdout.write(`${line}\n`);
const seconds = (startedMs) => `${Math.round((performance.now() - startedMs) / 1000)} s`.padStart(6);

async function runFaults({ rounds, seed, events, only }) {
  say(`seed ${seed}`);
  let broken = 0;
  for (const fault of chosen(FAULTS, only)) {
    const startedMs = performance.now();
    const { failed, crashed, passed, output } = await runJest(
      process.cwd(),
      fault,
      fault.rounds(rounds),
      seed,
      events,
    );
    const held = failed === 0 && !crashed && passed > 0;
    say(`${held ? 'held  ' : 'BROKEN'} ${seconds(startedMs)}  ${fault.name.padEnd(9)} ${fault.sentence}`);
    if (held) continue;
    broken += 1;
    say(
      `${output}\nagain: npm run faults -- --only ${fault.name} --rounds ${rounds} --events ${events} --seed ${seed}`,
    );
  }
  return broken;
}

async function runMutants({ seed, only }) {
  say(`seed ${seed}`);
  let survived = 0;
  for (const mutant of chosen(MUTANTS, only)) {
    const startedMs = performance.now();
    const fault = FAULTS.find(({ name }) => name === mutant.fault);
    const rounds = mutant.rounds ?? 1;
    if (!(await holdsHere(fault, rounds, seed))) {
      survived += 1;
      say(`NOT RUN  ${seconds(startedMs)}  ${mutant.name.padEnd(17)} ${fault.name} does not hold without it`);
      continue;
    }
    const { failed, crashed, output } = await inACopy(mutant.edits, async (folder) => {
      await build(folder);
      return runJest(folder, fault, rounds, seed);
    });
    // Any spec can fail on a busy machine: only the assertion that this protection is for says that it was missed.
    const isCaught = failed > 0 && !crashed && failedAt(output, mutant.failsAt);
    say(
      `${isCaught ? 'caught  ' : crashed ? 'NOT RUN ' : 'SURVIVED'} ${seconds(startedMs)}  ${mutant.name.padEnd(17)} ${mutant.sentence}`,
    );
    if (isCaught) continue;
    survived += 1;
    say(output);
  }
  return survived;
}

/** Jest marks the line that failed with `>` in front of its number. */
function failedAt(output, assertion) {
  const lines = stripVTControlCharacters(output).split('\n');
  return lines.some((line) => /^\s*>\s*\d+ \|/.test(line) && line.includes(assertion));
}

const held = new Map();

/** The control: the same fault by the same seed, with nothing taken off. */
async function holdsHere(fault, rounds, seed) {
  const key = `${fault.name} ${rounds}`;
  if (!held.has(key)) {
    const { failed, crashed, passed } = await runJest(process.cwd(), fault, rounds, seed);
    held.set(key, failed === 0 && !crashed && passed > 0);
  }
  return held.get(key);
}

function build(folder) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['node_modules/.bin/tsc', '-b'], { cwd: folder, stdio: 'inherit' });
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error('the mutant does not compile'))));
  });
}

const options = readOptions();
if (options.help) say(HELP);
else if (options.list) {
  for (const { name, sentence } of FAULTS) say(`fault   ${name.padEnd(17)} ${sentence}`);
  for (const { name, sentence } of MUTANTS) say(`mutant  ${name.padEnd(17)} ${sentence}`);
} else {
  const wrong = await (options.mutants ? runMutants(options) : runFaults(options));
  process.exitCode = wrong === 0 ? 0 : 1;
}
