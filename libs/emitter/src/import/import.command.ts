import { Option } from 'commander';
import type { Command } from 'commander';
import { FUTURE_TOLERANCE_MS, TOPICS } from '@taxameter/contracts';
import { SendingFailed } from '../send/post-batch.service.js';
import type { Door } from '../send/post-batch.service.js';
import { importAccessLog } from './import-access-log.service.js';
import type { ImportProgress } from './import-access-log.service.js';
import { IMPORT_HELP } from './import-help.js';
import { ImportRefused } from './import-options.js';
import type { ImportOptions } from './import-options.js';
import type { ImportReport } from './import-report.js';

/** `taxameter import FILE`: options in, progress and figures out, and the exit code. */

export interface ImportCommandContext {
  readonly defaultUrl: string;
  readonly defaultToken: string | undefined;
  /** For `-`; left out, standard input of the process. */
  readonly stdin?: AsyncIterable<string | Uint8Array>;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly isTerminal: boolean;
  /** 0 done, 1 something found or failed, 2 wrong use. Called once, at the end. */
  readonly exit: (code: number) => void;
}

interface Flags {
  url: string;
  token?: string;
  format: string;
  source?: string;
  integration?: string;
  agreement?: string;
  map?: string;
  route: string[];
  operation: string[];
  timeZone: string;
  durationUnit?: string;
  shiftTo?: string;
  hashKey?: string;
  dryRun?: true;
  lenient?: true;
  json?: true;
}

const PROBLEMS_SHOWN = 20;
const SUMMARY_LINES = 20;

/**
 * Adds `import` to the program. Values are checked by the importer, so that wrong ones give 2 and not
 * commander's 1.
 */
export function registerImportCommand(program: Command, context: ImportCommandContext): void {
  const repeat = (value: string, earlier: string[]) => [...earlier, value];
  program
    .command('import')
    .summary('sends an access log, or a file of events, to Taxameter')
    .description(
      'Sends an access log (nginx, Apache, JSON lines, OpenStack), or a file of events, to Taxameter.',
    )
    .argument('<file>', 'the log, plain or gzip; - reads standard input')
    .option('--url <address>', 'address of Taxameter', context.defaultUrl)
    .option('--token <token>', 'token with role ingest')
    .option('--format <name>', 'auto, combined, jsonl, openstack or cloudevents', 'auto')
    .option('--integration <selectors>', 'where the integration is found')
    .option('--agreement <selectors>', 'where the agreement is found')
    .option('--map <pairs>', 'field names of a JSON log')
    .addOption(
      new Option('--route <template>', 'a route, wins over guessing (repeat)')
        .default([], 'none')
        .argParser(repeat),
    )
    .addOption(
      new Option('--operation <METHOD ROUTE=kind>', 'kind of a route (repeat)')
        .default([], 'none')
        .argParser(repeat),
    )
    .option('--time-zone <offset>', 'zone of times that carry none', 'Z')
    .option('--duration-unit <unit>', 'unit of the number after the agent: s, ms, us or ns')
    .option('--shift-to <instant>', 'move the log: its earliest call falls on this instant')
    .option('--source <uri>', 'source of the events (default: /import/ and the name of the file)')
    .option('--hash-key <text>', 'key of the hashes (default: derived from the first 50 lines)')
    .option('--dry-run', 'show the first events and a summary, send nothing')
    .option('--lenient', 'exit 0 in spite of unreadable lines')
    .option('--json', 'one JSON object a line: each problem, and the report last')
    .addHelpText('after', IMPORT_HELP)
    .action(async (file: string, flags: Flags) => {
      context.exit(await runImport(file, flags, context));
    });
}

async function runImport(file: string, flags: Flags, context: ImportCommandContext): Promise<number> {
  const token = flags.token ?? (flags.url === context.defaultUrl ? context.defaultToken : undefined);
  if (!flags.dryRun && !token) {
    context.stderr.write('import: no token: give one with --token, or look first with --dry-run\n');
    return 2;
  }
  const screen = new Screen(context, flags.json === true);
  try {
    const door = flags.dryRun ? null : { url: flags.url, token: token! };
    const report = await importAccessLog(optionsOf(file, flags, door, context), screen);
    screen.end();
    if (flags.json) context.stdout.write(`${JSON.stringify({ report })}\n`);
    else context.stdout.write(`${describe(report).join('\n')}\n`);
    for (const warning of warnings(report, Date.now())) context.stderr.write(`import: ${warning}\n`);
    return report.refused > 0 || (report.unreadable > 0 && !flags.lenient) ? 1 : 0;
  } catch (error) {
    screen.end();
    const message = error instanceof Error ? error.message : String(error);
    context.stderr.write(`import: ${message}\n`);
    if (error instanceof SendingFailed) context.stderr.write(`import: ${screen.standing()}\n`);
    return error instanceof ImportRefused ? 2 : 1;
  }
}

function optionsOf(
  file: string,
  flags: Flags,
  door: Door | null,
  context: ImportCommandContext,
): ImportOptions {
  const { url: _url, token: _token, route, operation, dryRun: _dryRun, lenient: _lenient, ...rest } = flags;
  const input = file === '-' ? { input: context.stdin ?? process.stdin } : {};
  return { ...rest, file, ...input, door, routes: route, operations: operation };
}

/**
 * What is seen while it runs: a line that is rewritten on a terminal, a plain line now and then elsewhere.
 */
class Screen implements ImportProgress {
  private problems = 0;
  private lines = 0;
  private accepted = 0;
  private shownAtMs = Date.now();
  private isLineOpen = false;

  constructor(
    private readonly context: ImportCommandContext,
    private readonly isJson: boolean,
  ) {}

  readonly onStart: NonNullable<ImportProgress['onStart']> = ({ format, because }) => {
    this.context.stderr.write(`import: format ${format} (${because})\n`);
  };

  readonly onProblem: NonNullable<ImportProgress['onProblem']> = (problem) => {
    this.problems += 1;
    if (this.isJson) {
      this.context.stdout.write(`${JSON.stringify({ problem })}\n`);
    } else if (this.problems <= PROBLEMS_SHOWN) {
      this.closeLine();
      this.context.stderr.write(`line ${problem.line}: ${problem.kind}: ${printable(problem.reason)}\n`);
    }
  };

  readonly onProgress: NonNullable<ImportProgress['onProgress']> = ({ lines, accepted }) => {
    this.lines = lines;
    this.accepted = accepted;
    const nowMs = Date.now();
    if (nowMs - this.shownAtMs < (this.context.isTerminal ? 100 : 10_000)) return;
    this.shownAtMs = nowMs;
    this.context.stderr.write(
      this.context.isTerminal ? `\r\u001b[K${this.standing()}` : `${this.standing()}\n`,
    );
    this.isLineOpen = this.context.isTerminal;
  };

  end(): void {
    this.closeLine();
    if (!this.isJson && this.problems > PROBLEMS_SHOWN) {
      this.context.stderr.write(`… and ${this.problems - PROBLEMS_SHOWN} more (all with --json)\n`);
    }
  }

  standing(): string {
    return `${grouped(this.lines)} lines read, ${grouped(this.accepted)} events accepted`;
  }

  private closeLine(): void {
    if (this.isLineOpen) this.context.stderr.write('\n');
    this.isLineOpen = false;
  }
}

function describe(report: ImportReport): string[] {
  const { lines, blank, events, accepted, unreadable, refused } = report;
  const figures =
    `${grouped(lines)} lines: ${grouped(events)} events, ${grouped(unreadable)} unreadable, ` +
    `${grouped(blank)} blank`;
  const span = report.earliest === null ? [] : [`from ${report.earliest} to ${report.latest}`];
  if (!report.dryRun) return [figures, `${grouped(accepted)} accepted, ${grouped(refused)} refused`, ...span];
  return [
    ...report.firstEvents.map((event) => JSON.stringify(event, null, 2)),
    ...table('integration', report.byIntegration),
    ...table('route', report.byRoute),
    ...table('status', report.byStatus),
    figures,
    ...span,
    'dry run: nothing was sent',
  ];
}

function table(title: string, counts: Readonly<Record<string, number>>): string[] {
  // Keys such as "200" come first in an object, so the order is made here.
  const rows = Object.entries(counts).sort((one, other) => other[1] - one[1]);
  const shown = rows.slice(0, SUMMARY_LINES).map(([key, count]) => `${grouped(count).padStart(12)}  ${key}`);
  const left = rows.length - SUMMARY_LINES;
  return [`by ${title}`, ...shown, ...(left > 0 ? [`${' '.repeat(12)}  … and ${left} more`] : [])];
}

/**
 * The door accepts these, but the groups that count put them aside: better said now than searched for
 * later.
 */
function warnings(report: ImportReport, nowMs: number): string[] {
  const { earliest, latest } = report;
  if (report.format === 'cloudevents' || earliest === null || latest === null) return [];
  const found: string[] = [];
  if (nowMs - Date.parse(earliest) > TOPICS.apiCalls.latestAfterMs) {
    found.push(
      'some calls are more than 7 days old and will be put aside as too late; --shift-to moves a log',
    );
  }
  if (Date.parse(latest) - nowMs > FUTURE_TOLERANCE_MS) {
    found.push('some calls lie in the future and may be put aside; is the time zone right (--time-zone)?');
  }
  return found;
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}

/** A reason may quote the log, and a log may hold escape codes. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
