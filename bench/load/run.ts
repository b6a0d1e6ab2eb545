import { CommandLine } from '../command-line.js';
import { sendLoad } from './send.js';

/** `npm run load`: integrations of all kinds, who write down what they sent. */

const HELP = `npm run load -- --url http://127.0.0.1:3000 --file sent.ndjson [options]

  --url URL       where the door listens
  --file FILE     a line is appended for each event sent, with what became of it
  --events N      sendings in all, copies included (default 100000)
  --members N     integrations, the personas in turn (default 200)
  --seed S        the same seed sends the same events, with the same ids (default 1)
  --hours N       the first minute lies so many hours back, at most 160 (default 24)
  --at-once N     requests under way (default 4)
  --patience S    seconds for which a request is repeated; then its outcome is unknown (default 60)

The token (role ingest) is read from TAXAMETER_TOKEN. Then hold the counters against the file: npm run oracle -- --help
`;

const HOUR_MS = 3_600_000;

const commandLine: CommandLine = new CommandLine(HELP);
const text = (value: string) => ({ type: 'string', default: value }) as const;
const { values } = commandLine.read({
  options: {
    url: { type: 'string' },
    file: { type: 'string' },
    events: text('100000'),
    members: text('200'),
    seed: text('1'),
    hours: text('24'),
    'at-once': text('4'),
    patience: text('60'),
    help: { type: 'boolean', default: false },
  },
});
const target = commandLine.target(values);
const number = (name: 'events' | 'members' | 'seed' | 'hours' | 'at-once' | 'patience', most: number) =>
  commandLine.wholeNumber(name, values[name], 1, most);
let saidMs = 0;
const sent = await sendLoad(
  {
    ...target,
    events: number('events', 1_000_000_000),
    members: number('members', 100_000),
    seed: number('seed', 2 ** 32 - 1),
    fromMs: Date.now() - number('hours', 160) * HOUR_MS,
    requestsAtOnce: number('at-once', 64),
    patienceMs: number('patience', 3_600) * 1000,
  },
  (done) => {
    if (!process.stderr.isTTY || performance.now() - saidMs < 1_000) return;
    saidMs = performance.now();
    process.stderr.write(`\r${done.toLocaleString('en')} sent`);
  },
).catch((error: unknown) => {
  process.stderr.write(`the load stopped: ${(error as Error).message}\n`);
  process.exit(1);
});
const rate = Math.round((sent.ok + sent.failed + sent.unknown) / sent.seconds);
process.stdout.write(
  `ok ${sent.ok}, failed ${sent.failed}, unknown ${sent.unknown} in ${sent.seconds.toFixed(1)} s (${rate.toLocaleString('en')} a second)\n`,
);
