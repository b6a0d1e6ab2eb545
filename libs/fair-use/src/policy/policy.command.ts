import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { askPolicies, PolicyNotTaken, type PolicyDoor } from './policy-client.command.js';

/** `taxameter policy`: the policy in force as a file, what another file would change, and that file applied. */

export interface PolicyCommandContext {
  readonly defaultUrl: string;
  readonly defaultToken: string | undefined;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  readonly isTerminal: boolean;
  /** 0 done, 1 refused or failed, 2 wrong use. Called once, at the end. */
  readonly exit: (code: number) => void;
  /** Asks a yes-or-no question; left out, on the terminal of the process. */
  readonly confirm?: (question: string) => Promise<boolean>;
}

export interface Flags {
  readonly url: string;
  readonly token?: string;
  readonly json?: true;
}
interface ApplyFlags extends Flags {
  readonly why: string;
  readonly effectiveFrom?: string;
  readonly yes?: true;
}

const HELP = `
A policy is changed in three steps:
  npm run --silent taxameter -- policy show > policy.yaml
  npm run taxameter -- policy diff policy.yaml
  npm run taxameter -- policy apply policy.yaml --why "agreed with Bogholderiet, case 17"
What is sharper for somebody needs --effective-from 30 days ahead, or a token with role admin.

Exit code: 0 done, 1 refused or failed, 2 wrong use.`;

/** Adds `policy show`, `diff`, `apply` and `history` to the program. */
export function registerPolicyCommands(program: Command, context: PolicyCommandContext): void {
  const policy = program
    .command('policy')
    .summary('the fair-use policy: show it, compare it, change it')
    .description('Versions of the fair-use policy of a running Taxameter.')
    .addHelpText('after', HELP);
  const add = (name: string, description: string) =>
    policy
      .command(name)
      .description(description)
      .option('--url <address>', 'address of Taxameter', context.defaultUrl)
      .option('--token <token>', 'token with role ops or admin')
      .option('--json', 'for machines: the answer of the API');
  add('show', 'Writes a version as YAML.')
    .argument('[version]', 'a number', 'in-force')
    .action((version: string, flags: Flags) =>
      end(context, flags, (door) => show(version, flags, door, context)),
    );
  add('history', 'Tells what each version changed, newest first.').action((flags: Flags) =>
    end(context, flags, (door) => history(flags, door, context)),
  );
  add('diff', 'Tells what a file would change.')
    .argument('<file>', 'a policy (YAML or JSON)')
    .option('--effective-from <instant>', 'when it would begin; left out: the next minute')
    .action((file: string, flags: Flags & { readonly effectiveFrom?: string }) =>
      end(context, flags, async (door) => {
        await difference(await bodyOf(file, flags), flags, door, context);
        return 0;
      }),
    );
  add('apply', 'Makes a file the next version of the policy.')
    .argument('<file>', 'a policy (YAML or JSON)')
    .requiredOption('--why <text>', 'why; kept for ever with the version: name no person')
    .option('--effective-from <instant>', 'when it begins; left out: the next minute')
    .option('--yes', 'do not ask')
    .action((file: string, flags: ApplyFlags) =>
      end(context, flags, (door) => apply(file, flags, door, context)),
    );
}

/** What was wrong with the use of a command. */
export class WrongUse extends Error {}

/** Does the work of a command, says what was wrong, and ends with its exit code. */
export async function end(
  context: PolicyCommandContext,
  flags: Flags,
  work: (door: PolicyDoor) => Promise<number>,
  name = 'policy',
): Promise<void> {
  const complain = (message: string) => context.stderr.write(`${name}: ${printable(message)}\n`);
  // The token of this machine's Taxameter is for its own address only.
  const token = flags.token ?? (flags.url === context.defaultUrl ? context.defaultToken : undefined);
  try {
    if (!token) throw new WrongUse('no token: give one with --token, or set TAXAMETER_TOKEN');
    context.exit(await work({ url: flags.url, token }));
  } catch (error) {
    if (!(error instanceof PolicyNotTaken) && !(error instanceof WrongUse)) throw error;
    complain(error.message);
    if (error instanceof PolicyNotTaken) for (const problem of error.problems) complain(`  ${problem}`);
    context.exit(error instanceof WrongUse ? 2 : 1);
  }
}

async function show(version: string, flags: Flags, door: PolicyDoor, { stdout }: PolicyCommandContext) {
  const format = flags.json ? 'json' : 'yaml';
  const text = await askPolicies(door, 'GET', `/v1/policies/${encodeURIComponent(version)}?format=${format}`);
  stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  return 0;
}

interface Change {
  readonly text: { readonly en: string };
}
interface Version {
  readonly version: number;
  readonly state: string;
  readonly effectiveFrom: string | null;
  readonly who: string | null;
  readonly why: string | null;
  readonly changes: readonly Change[];
}

async function history(flags: Flags, door: PolicyDoor, { stdout }: PolicyCommandContext): Promise<number> {
  let cursor: string | null = null;
  do {
    const after: string = cursor === null ? '' : `&cursor=${cursor}`;
    const text: string = await askPolicies(door, 'GET', `/v1/policies?limit=100${after}`);
    const page = JSON.parse(text) as { items: Version[]; nextCursor: string | null };
    for (const version of page.items) {
      stdout.write(`${flags.json ? JSON.stringify(version) : describe(version)}\n`);
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return 0;
}

function describe({ version, state, effectiveFrom, who, why, changes }: Version): string {
  const begun = effectiveFrom === null ? 'always' : `from ${effectiveFrom}`;
  const decided = who === null ? 'comes with the software' : `by ${who}: ${why ?? ''}`;
  const head = `version ${version}  ${state.replace('_', ' ')}  ${begun}  ${decided}`;
  return [head, ...changes.map(({ text }) => `  ${text.en}`)].map(printable).join('\n');
}

interface Difference {
  readonly changes: readonly Change[];
  readonly sharper: boolean;
  readonly stale: boolean;
  readonly newest: number;
  readonly effectiveFrom: string;
  readonly effectiveForOps: string;
}

async function difference(
  body: object,
  flags: Flags,
  door: PolicyDoor,
  { stdout }: PolicyCommandContext,
): Promise<Difference> {
  const text = await askPolicies(door, 'POST', '/v1/policies/diff', body);
  const found = JSON.parse(text) as Difference;
  const { changes, sharper, stale, newest, effectiveFrom, effectiveForOps } = found;
  const lines = [
    ...changes.map((change) => printable(change.text.en)),
    changes.length === 0 ? 'nothing would change' : `from ${effectiveFrom} on`,
    ...(sharper ? [`sharper for somebody: ops from ${effectiveForOps} on, admin at any time`] : []),
    ...(stale ? [`written from an older version: the newest is ${newest}, so it would be refused`] : []),
  ];
  stdout.write(flags.json ? `${text}\n` : `${lines.join('\n')}\n`);
  return found;
}

async function apply(
  file: string,
  flags: ApplyFlags,
  door: PolicyDoor,
  context: PolicyCommandContext,
): Promise<number> {
  if (!flags.yes && !context.isTerminal) {
    throw new WrongUse('nobody can be asked without a terminal: say --yes to apply');
  }
  const body = await bodyOf(file, flags);
  if (!flags.yes) {
    const { changes } = await difference(
      body,
      { url: flags.url },
      { ...door },
      { ...context, stdout: context.stderr },
    );
    if (changes.length > 0 && !(await agrees('Apply this policy?', context))) return 1;
  }
  const text = await askPolicies(door, 'POST', '/v1/policies', { ...body, why: flags.why });
  const decided = JSON.parse(text) as Difference & { version: number; overtakes: number[] };
  if (flags.json) context.stdout.write(`${text}\n`);
  else {
    context.stdout.write(`version ${decided.version}, from ${decided.effectiveFrom} on\n`);
    const { overtakes } = decided;
    if (overtakes.length > 0)
      context.stdout.write(`planned, and now never in force: ${overtakes.join(', ')}\n`);
  }
  return 0;
}

/** JSON is YAML too. @throws WrongUse when there is no such file */
export async function bodyOf(
  file: string,
  { effectiveFrom }: { readonly effectiveFrom?: string },
): Promise<object> {
  try {
    const yaml = await readFile(file, 'utf8');
    return { yaml, ...(effectiveFrom !== undefined && { effectiveFrom }) };
  } catch (error) {
    const { code } = error as { code?: string };
    throw new WrongUse(`cannot read ${file}${code === undefined ? '' : ` (${code})`}`);
  }
}

async function agrees(question: string, context: PolicyCommandContext): Promise<boolean> {
  if (context.confirm) return context.confirm(question);
  const terminal = createInterface({ input: process.stdin, output: context.stderr });
  try {
    return /^(y|yes|j|ja)$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

/** A file may hold escape codes. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
