import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { fields } from '@taxameter/contracts';
import type { InvoiceSummary } from '../issue/invoice-answers.js';
import { BillingRefused, approveRunOf, invoicesOf, issueRunOf, openRun } from './billing-client.command.js';
import type { RunQuarterDoor } from './billing-client.command.js';
import { invoiceTable, previewTable } from './run-tables.js';
import type { RunView } from './run-answers.js';

/**
 * `taxameter billing run`: the preview as a table, a question before each step that counts, progress, the
 * invoices.
 */

export interface BillingCommandContext {
  readonly defaultUrl: string;
  readonly defaultToken: string | undefined;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly isTerminal: boolean;
  /** 0 done, 1 something found or failed, 2 wrong use. Called once, at the end. */
  readonly exit: (code: number) => void;
  /** Asks a yes-or-no question; left out, on the terminal of the process. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

interface Flags {
  quarter: string;
  url: string;
  token?: string;
  approve?: true;
  issue?: true;
  override?: string;
  yes?: true;
  json?: true;
}

const HELP = `
Without --approve and --issue the run stays a draft: look at it, then run the command again.
A quarter that is completed is reported, and nothing is done.

Exit code: 0 done, 1 refused, failed, or partners parked, 2 wrong use.`;

/** Adds `billing run` to the program. */
export function registerBillingCommands(program: Command, context: BillingCommandContext): void {
  program
    .command('billing')
    .description('what is owed: billing runs and invoices')
    .command('run')
    .summary('previews, approves and issues the invoices of a quarter')
    .description('Previews the invoices of a quarter; approves and issues them when told to.')
    .requiredOption('--quarter <name>', 'the quarter, such as 2026-Q3')
    .option('--approve', 'approve the preview')
    .option('--issue', 'approve and issue, and wait for the documents')
    .option(
      '--override <reason>',
      'run a quarter before its grace period is over; the audit keeps the reason',
    )
    .option('--yes', 'do not ask')
    .option('--url <address>', 'address of Taxameter', context.defaultUrl)
    .option('--token <token>', 'token with role finance')
    .option('--json', 'one JSON object: the run and its invoices')
    .addHelpText('after', HELP)
    .action(async (flags: Flags) => {
      context.exit(await runBilling(flags, context));
    });
}

async function runBilling(flags: Flags, context: BillingCommandContext): Promise<number> {
  const token = flags.token ?? (flags.url === context.defaultUrl ? context.defaultToken : undefined);
  const wrong = wrongUse(flags, token, context.isTerminal);
  if (wrong !== null) {
    context.stderr.write(`billing run: ${wrong}\n`);
    return 2;
  }
  const { url, quarter, override } = flags;
  const door = { url, token: token!, ...(override !== undefined && { override }) };
  try {
    const run = await advance(flags, door, context);
    const invoices = await invoicesOf(door, quarter);
    show(run, invoices, flags, context);
    return run.status === 'completed_with_errors' ? 1 : 0;
  } catch (error) {
    if (!(error instanceof BillingRefused)) throw error;
    context.stderr.write(`billing run: ${error.message}\n`);
    const changes = (error.problem['changes'] ?? []) as { what: string; id: string }[];
    for (const { what, id } of changes) context.stderr.write(`  changed: ${what} ${id}\n`);
    return 1;
  }
}

function wrongUse(
  { quarter, override, approve, issue, yes }: Flags,
  token: string | undefined,
  isTerminal: boolean,
): string | null {
  if (!fields.quarterName.safeParse(quarter).success) {
    return `"${quarter}" is not a quarter: write it as 2026-Q3`;
  }
  if (override?.trim() === '') return '--override needs a reason';
  // An invoice cannot be taken back: where nobody can be asked, the agreement must be written down.
  if ((approve || issue) && !yes && !isTerminal) {
    return 'nobody can be asked without a terminal: say --yes to approve or issue';
  }
  return token ? null : 'no token: give one with --token, or set TAXAMETER_TOKEN';
}

/** Takes the run as far as the flags say and the person at the terminal agrees. */
async function advance(flags: Flags, door: RunQuarterDoor, context: BillingCommandContext): Promise<RunView> {
  const tell = (line: string) => context.stderr.write(`billing run: ${line}\n`);
  let run = await openRun(flags.quarter, door);
  if (!flags.json) context.stdout.write(`${previewTable(run)}\n`);
  if (run.status === 'completed') {
    tell(`${flags.quarter} is completed: nothing to do`);
    return run;
  }
  const { net, gross, billed } = run.totals;
  const figures = `${billed} SMS, ${net} DKK, ${gross} DKK with VAT`;
  if (run.status === 'draft' && (flags.approve || flags.issue)) {
    if (!(await agrees(`Approve ${flags.quarter}: ${figures}?`, flags, context))) return run;
    run = await approveRunOf(door, run.runId);
    tell(`approved; issue date ${run.issueDate}, due ${run.dueDate}`);
  }
  const isOpen = run.status === 'issuing' || (run.partnersByStatus['approved'] ?? 0) > 0;
  if (!flags.issue || !(isOpen || run.status === 'approved')) return run;
  if (!(await agrees(`Issue the invoices of ${flags.quarter}? This cannot be undone.`, flags, context)))
    return run;
  return issueRunOf(door, run.runId, tell);
}

async function agrees(question: string, flags: Flags, context: BillingCommandContext): Promise<boolean> {
  if (flags.yes) return true;
  if (context.confirm) return context.confirm(question);
  const terminal = createInterface({ input: process.stdin, output: context.stderr });
  try {
    return /^(y|yes|j|ja)$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

function show(
  run: RunView,
  invoices: readonly InvoiceSummary[],
  flags: Flags,
  context: BillingCommandContext,
): void {
  if (flags.json) context.stdout.write(`${JSON.stringify({ run, invoices })}\n`);
  else if (invoices.length > 0) context.stdout.write(`${invoiceTable(invoices)}\n`);
}
