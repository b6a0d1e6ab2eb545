import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { askPolicies, type PolicyDoor } from '../policy/policy-client.command.js';
import { bodyOf, end, printable, type Flags, type PolicyCommandContext } from '../policy/policy.command.js';

/** `taxameter back-test`: a policy tried on what was called already, beside the one in force. */

export interface BackTestCommandContext extends PolicyCommandContext {
  /** Calls when the user wants to stop, until it is told that nobody listens any more; left out, Ctrl-C. */
  readonly onInterrupt?: (stop: () => void) => () => void;
}

interface BackTestFlags extends Flags {
  readonly from: string;
  readonly to: string;
}

const HELP = `
Example:
  npm run --silent taxameter -- policy show > policy.yaml
  npm run taxameter -- back-test policy.yaml --from 2026-09-01T00:00:00Z --to 2026-10-01T00:00:00Z
Nothing is opened and nobody is told. Ctrl-C cancels the work on the server, too.

Exit code: 0 done, 1 refused, failed or cancelled, 2 wrong use.`;

/** Adds `back-test` to the program. */
export function registerBackTestCommand(program: Command, context: BackTestCommandContext): void {
  program
    .command('back-test')
    .summary('try a fair-use policy on the past')
    .description('Tells which cases a policy would have opened, beside the one in force.')
    .argument('<file>', 'a policy (YAML or JSON)')
    .requiredOption('--from <instant>', 'begin of the time looked at, such as 2026-09-01T00:00:00Z')
    .requiredOption('--to <instant>', 'its end; not in the future')
    .option('--url <address>', 'address of Taxameter', context.defaultUrl)
    .option('--token <token>', 'token with role ops')
    .option('--json', 'for machines: the answer of the API')
    .addHelpText('after', HELP)
    .action((file: string, flags: BackTestFlags) =>
      end(context, flags, (door) => backTest(file, flags, door, context), 'back-test'),
    );
}

interface Found {
  readonly backTestId: string;
  readonly state: 'queued' | 'running' | 'done' | 'cancelled' | 'failed';
  readonly progress: { readonly integrations: number; readonly judged: number } | null;
  readonly cases: number;
  readonly error: string | null;
  readonly summary: readonly {
    readonly ruleId: string;
    readonly change: (typeof CHANGES)[number];
    readonly cases: number;
  }[];
  readonly hit: readonly string[];
}

const CHANGES = ['new', 'gone', 'sharper', 'milder', 'same'] as const;
const ASKED_EVERY_MS = 500;

async function backTest(
  file: string,
  { from, to, json }: BackTestFlags,
  door: PolicyDoor,
  context: BackTestCommandContext,
): Promise<number> {
  const body = { ...(await bodyOf(file, {})), from, to };
  const started = JSON.parse(await askPolicies(door, 'POST', '/v1/back-tests', body)) as Found;
  const path = `/v1/back-tests/${started.backTestId}`;
  const stopping = new AbortController();
  const ignore = (context.onInterrupt ?? onCtrlC)(() => stopping.abort());
  try {
    const { text, found } = await untilDone(path, door, stopping.signal, context);
    if (json) context.stdout.write(`${text}\n`);
    else context.stdout.write(`${describe(found).map(printable).join('\n')}\n`);
    return found.state === 'done' ? 0 : 1;
  } finally {
    ignore();
  }
}

async function untilDone(
  path: string,
  door: PolicyDoor,
  stopped: AbortSignal,
  { isTerminal, stderr }: BackTestCommandContext,
): Promise<{ readonly text: string; readonly found: Found }> {
  let isCancelled = false;
  for (;;) {
    if (stopped.aborted && !isCancelled) {
      isCancelled = true;
      await askPolicies(door, 'POST', `${path}/cancel`, {});
    }
    const text = await askPolicies(door, 'GET', path);
    const found = JSON.parse(text) as Found;
    if (found.state !== 'queued' && found.state !== 'running') {
      if (isTerminal) stderr.write('\r\u001b[K');
      return { text, found };
    }
    if (isTerminal) stderr.write(`\r\u001b[K${progressOf(found)}`);
    await sleep(ASKED_EVERY_MS, undefined, { signal: isCancelled ? undefined : stopped }).catch(
      (error: unknown) => {
        if (!stopped.aborted) throw error;
      },
    );
  }
}

function progressOf({ state, progress, cases }: Found): string {
  if (state === 'queued') return 'waits for its turn';
  if (!progress) return 'looks for what matters';
  return `${progress.judged} of ${progress.integrations} integrations, ${cases} cases`;
}

function describe({ state, summary, hit, error, cases }: Found): string[] {
  if (state === 'failed') return [`failed: ${error ?? 'nobody knows why'}`];
  const head = state === 'cancelled' ? [`cancelled; found so far: ${cases} cases`] : [];
  if (summary.length === 0) return [...head, 'neither policy opens a case'];
  const ids = [...new Set(summary.map(({ ruleId }) => ruleId))].sort();
  const width = Math.max(...ids.map((id) => id.length));
  const of = (ruleId: string, change: string) =>
    summary.find((one) => one.ruleId === ruleId && one.change === change)?.cases ?? 0;
  const line = (name: string, cells: readonly (string | number)[]) =>
    [name.padEnd(width), ...cells.map((cell) => String(cell).padStart(8))].join('');
  const told =
    hit.length === 0
      ? ['nobody is hit']
      : ['', `hit, to be told 30 days before (${hit.length}):`, ...hit.map((id) => `  ${id}`)];
  return [
    ...head,
    line('', CHANGES),
    ...ids.map((id) =>
      line(
        id,
        CHANGES.map((change) => of(id, change)),
      ),
    ),
    ...told,
  ];
}

function onCtrlC(stop: () => void): () => void {
  process.once('SIGINT', stop);
  return () => process.off('SIGINT', stop);
}
