import { parseArgs } from 'node:util';
import { compare } from './compare.js';

/** `npm run oracle`: what was sent against what the usage API says was counted. */

const HELP = `npm run oracle -- --url http://127.0.0.1:3000 --file sent.ndjson [--json]

Reads the file that npm run load wrote, counts its distinct events by itself, and asks GET /v1/usage by day, integration and agreement.
An event whose outcome is unknown may be counted or not. The database must hold the usage of this file only.
The token (role ops) is read from TAXAMETER_TOKEN. Exit code: 0 no difference, 1 differences, 2 wrong use.
`;
const MOST_SHOWN = 20;

function refuse(sentence: string): never {
  process.stderr.write(`${sentence}\n\n${HELP}`);
  process.exit(2);
}

function optionsOf() {
  try {
    const flag = { type: 'boolean', default: false } as const;
    return parseArgs({
      options: { url: { type: 'string' }, file: { type: 'string' }, json: flag, help: flag },
    }).values;
  } catch (error) {
    return refuse((error as Error).message);
  }
}

const { url, file, json, help } = optionsOf();
if (help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (!url || !file) refuse('--url and --file are needed');
const token = process.env['TAXAMETER_TOKEN'];
if (!token) refuse('TAXAMETER_TOKEN is not set: npm run taxameter -- token --help makes one');
const found = await compare(file, { url: url.replace(/\/$/, ''), token }).catch((error: unknown) =>
  refuse((error as Error).message),
);
if (json) process.stdout.write(`${JSON.stringify(found)}\n`);
else {
  for (const difference of found.differences.slice(0, MOST_SHOWN)) process.stdout.write(`${difference}\n`);
  const { sent, distinct, rows, differences } = found;
  process.stdout.write(
    `${sent.toLocaleString('en')} sent, ${distinct.toLocaleString('en')} distinct, ${rows.toLocaleString('en')} rows, ${differences.length} differences\n`,
  );
}
process.exitCode = found.differences.length === 0 ? 0 : 1;
