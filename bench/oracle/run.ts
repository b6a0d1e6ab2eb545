import { CommandLine } from '../command-line.js';
import { compare } from './compare.js';

/** `npm run oracle`: what was sent against what the usage API says was counted. */

const HELP = `npm run oracle -- --url http://127.0.0.1:3000 --file sent.ndjson [--json]

Reads the file that npm run load wrote, counts its distinct events by itself, and asks GET /v1/usage by day, integration and agreement.
An event whose outcome is unknown may be counted or not. The database must hold the usage of this file only.
The token (role ops) is read from TAXAMETER_TOKEN. Exit code: 0 no difference, 1 differences, 2 wrong use.
`;
const MOST_SHOWN = 20;

const commandLine: CommandLine = new CommandLine(HELP);
const flag = { type: 'boolean', default: false } as const;
const { values } = commandLine.read({
  options: { url: { type: 'string' }, file: { type: 'string' }, json: flag, help: flag },
});
const { file, ...api } = commandLine.target(values);
const found = await compare(file, api).catch((error: unknown) =>
  commandLine.refuse((error as Error).message),
);
if (values.json) process.stdout.write(`${JSON.stringify(found)}\n`);
else {
  for (const difference of found.differences.slice(0, MOST_SHOWN)) process.stdout.write(`${difference}\n`);
  const { sent, distinct, rows, differences } = found;
  process.stdout.write(
    `${sent.toLocaleString('en')} sent, ${distinct.toLocaleString('en')} distinct, ${rows.toLocaleString('en')} rows, ${differences.length} differences\n`,
  );
}
process.exitCode = found.differences.length === 0 ? 0 : 1;
