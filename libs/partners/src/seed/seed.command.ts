import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { applySeed, type SeedCounts, type SeedProgress, type SeedReport } from './apply-seed.service.js';
import { parseSeed, SeedRefused, type Seed } from './seed-file.js';
import { SEED_HELP } from './seed-help.js';

/** `taxameter seed FILE`: a file in, progress and figures out, and the exit code. */

export interface SeedCommandContext {
  readonly defaultUrl: string;
  readonly defaultToken: string | undefined;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly isTerminal: boolean;
  /** 0 done, 1 refused or failed, 2 wrong use. Called once, at the end. */
  readonly exit: (code: number) => void;
}

interface Flags {
  readonly url: string;
  readonly token?: string;
  readonly json?: true;
}

/** A plain line is written for every so many commands where there is no terminal. */
const PLAIN_EVERY = 500;

export function registerSeedCommand(program: Command, context: SeedCommandContext): void {
  program
    .command('seed')
    .summary('makes Taxameter say what a file of partners, integrations and agreements says')
    .description('Applies a file of partners, integrations and agreements to a running Taxameter.')
    .argument('<file>', 'the seed file (JSON)')
    .option('--url <address>', 'address of Taxameter', context.defaultUrl)
    .option('--token <token>', 'token with role ops or admin')
    .option('--json', 'one JSON object a line: each command, and the report last')
    .addHelpText('after', SEED_HELP)
    .action(async (file: string, flags: Flags) => {
      context.exit(await runSeed(file, flags, context));
    });
}

async function runSeed(file: string, flags: Flags, context: SeedCommandContext): Promise<number> {
  const complain = (message: string) => {
    for (const line of message.split('\n')) context.stderr.write(`seed: ${printable(line)}\n`);
  };
  const token = flags.token ?? (flags.url === context.defaultUrl ? context.defaultToken : undefined);
  if (!token) {
    complain('no token: give one with --token');
    return 2;
  }
  try {
    const seed = await readSeed(file);
    const report = await applySeed(seed, { url: flags.url, token }, progressOn(context, flags.json === true));
    if (flags.json) {
      context.stdout.write(`${JSON.stringify({ report })}\n`);
      return 0;
    }
    for (const { subject, field, detail } of report.warnings) {
      complain(`warning: ${subject}: ${field}: ${detail}`);
    }
    context.stdout.write(`${describe(report).join('\n')}\n`);
    return 0;
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    return error instanceof SeedRefused ? 2 : 1;
  }
}

/** @throws SeedRefused */
async function readSeed(file: string): Promise<Seed> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as { code?: string };
    throw new SeedRefused(`cannot read ${file}${code === undefined ? '' : ` (${code})`}`);
  }
  return parseSeed(text);
}

function progressOn({ stdout, stderr, isTerminal }: SeedCommandContext, isJson: boolean): SeedProgress {
  return ({ effect, subject }, done, of) => {
    if (isJson) stdout.write(`${JSON.stringify({ [effect]: subject, done, of })}\n`);
    else if (isTerminal) stderr.write(`\r\u001b[K${done} of ${of}${done === of ? '\n' : ''}`);
    else if (done % PLAIN_EVERY === 0) stderr.write(`seed: ${done} of ${of}\n`);
  };
}

function describe(report: SeedReport): string[] {
  if (report.changed === 0) return ['nothing changed: Taxameter says what the file says already'];
  const line = (name: string, { created, changed, unchanged }: SeedCounts) =>
    `${name.padEnd(13)} ${created} created, ${changed} changed, ${unchanged} unchanged`;
  return [
    line('partners', report.partners),
    line('integrations', report.integrations),
    line('agreements', report.agreements),
    ...(report.deactivated > 0 ? [`deactivated   ${report.deactivated}`] : []),
  ];
}

/** A file may hold escape codes in a name. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
