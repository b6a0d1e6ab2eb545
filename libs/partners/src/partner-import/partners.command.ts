import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { ApiFailed, askText, type Api } from '../api-client/ask.service.js';
import type { SeedCommandContext } from '../seed/seed.command.js';
import { importPartners, type ImportedLine, type ImportReport } from './import-partners.service.js';
import { PARTNERS_EXPORT_HELP, PARTNERS_IMPORT_HELP } from './partners-help.js';
import { FileRefused, readPartnerCsv, type PartnerFile } from './read-partner-csv.js';

/** `taxameter partners import` and `export`: a CSV file in or out, a report line by line, and the exit code. */

type Context = SeedCommandContext;

interface Flags {
  readonly url: string;
  readonly token?: string;
}

interface ImportFlags extends Flags {
  readonly dryRun?: true;
  readonly json?: true;
}

interface ExportFlags extends Flags {
  readonly out?: string;
}

export function registerPartnersCommands(program: Command, context: Context): void {
  const partners = program
    .command('partners')
    .summary('master data of partners from and to CSV')
    .description('Master data of partners from and to CSV files.');
  partners
    .command('import')
    .summary('makes Taxameter say what a CSV file of partners says')
    .description('Applies a CSV file of partners to a running Taxameter, line by line.')
    .argument('<file>', 'the file (CSV)')
    .option('--dry-run', 'tells what each line would do, and sends nothing')
    .option('--json', 'one JSON object a line: each line of the file, and the report last')
    .option('--url <address>', 'address of Taxameter', context.defaultUrl)
    .option('--token <token>', 'token with role ops, finance or admin')
    .addHelpText('after', PARTNERS_IMPORT_HELP)
    .action(async (file: string, flags: ImportFlags) => {
      context.exit(await run(context, flags, (api) => runImport(file, flags, api, context)));
    });
  partners
    .command('export')
    .summary('writes all partners as CSV')
    .description('Writes all partners as CSV, as "partners import" takes it.')
    .option('--out <file>', 'file to write; left out: standard output')
    .option('--url <address>', 'address of Taxameter', context.defaultUrl)
    .option('--token <token>', 'token with role ops, finance or admin')
    .addHelpText('after', PARTNERS_EXPORT_HELP)
    .action(async (flags: ExportFlags) => {
      context.exit(await run(context, flags, (api) => runExport(flags, api, context)));
    });
}

async function run(context: Context, flags: Flags, work: (api: Api) => Promise<number>): Promise<number> {
  const complain = (message: string) => context.stderr.write(`partners: ${printable(message)}\n`);
  const token = flags.token ?? (flags.url === context.defaultUrl ? context.defaultToken : undefined);
  if (!token) {
    complain('no token: give one with --token');
    return 2;
  }
  try {
    return await work({ url: flags.url, token });
  } catch (error) {
    if (error instanceof FileRefused) {
      complain(error.message);
      return 2;
    }
    if (!(error instanceof ApiFailed)) throw error;
    complain(error.message + (error.status === 403 ? ': it needs role ops, finance or admin' : ''));
    return 1;
  }
}

async function runImport(
  path: string,
  { dryRun = false, json = false }: { readonly dryRun?: boolean; readonly json?: boolean },
  api: Api,
  { stdout, stderr }: Context,
): Promise<number> {
  const file = await readFileOf(path);
  if (file.encoding !== 'utf-8') {
    stderr.write(
      'partners: the file is not UTF-8: it was read as Windows-1252; look at the letters æ, ø and å\n',
    );
  }
  const told = (line: ImportedLine) => {
    if (json) stdout.write(`${JSON.stringify(line)}\n`);
    else if (line.outcome !== 'unchanged') stdout.write(`${wordsOf(line).map(printable).join('\n')}\n`);
  };
  const report = await importPartners(file, api, { dryRun, told });
  stdout.write(json ? `${JSON.stringify({ report })}\n` : `${describe(report)}\n`);
  return report.refused === 0 ? 0 : 1;
}

/** @throws FileRefused */
async function readFileOf(path: string): Promise<PartnerFile> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code } = error as { code?: string };
    throw new FileRefused(`cannot read ${path}${code === undefined ? '' : ` (${code})`}`);
  }
  return readPartnerCsv(bytes);
}

async function runExport({ out }: ExportFlags, api: Api, { stdout, stderr }: Context): Promise<number> {
  const csv = await askText(api, '/v1/partners?format=csv');
  if (out === undefined) {
    stdout.write(csv);
    return 0;
  }
  try {
    await writeFile(out, csv);
    return 0;
  } catch (error) {
    const { code } = error as { code?: string };
    stderr.write(`partners: cannot write ${printable(out)}${code === undefined ? '' : ` (${code})`}\n`);
    return 1;
  }
}

/** A line of the file in words: what became of it, and one line more for each mistake. */
function wordsOf({ line, partnerId, outcome, mistakes }: ImportedLine): string[] {
  return [
    `line ${line}: ${outcome}${partnerId === null ? '' : ` ${partnerId}`}`,
    ...mistakes.map(({ field, rule, reason }) => `  ${field}: ${reason} (${rule})`),
  ];
}

function describe({ created, changed, unchanged, refused, dryRun }: ImportReport): string {
  const figures = `${created} created, ${changed} changed, ${unchanged} unchanged, ${refused} refused`;
  return dryRun ? `${figures}; nothing was sent` : figures;
}

/** A file may hold escape codes in a cell. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
