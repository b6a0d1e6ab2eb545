import { InvalidArgumentError, Option, type Command } from 'commander';
import { callApi } from './api-client.service.js';
import { askWith, type Answer } from './ask-api.service.js';
import type { CommandContext } from './command-context.js';
import {
  describeConsumers,
  describeDecision,
  parsePartition,
  parseSeen,
  type Consumer,
  type Decision,
  type NamedPartition,
  type SeenPosition,
} from './consumer-words.js';
import { inJson } from './in-json.js';
import type { LocalAccess } from './local-access.service.js';

/** `taxameter consumers`: how each partition is read, and what is decided about one that stands in a gap. */

const KINDS = ['skip-lost', 'new-log'];
const HELP = `
A partition is named ROOM/TOPIC/PARTITION and its position OFFSET (OFFSET@GENERATION after a new-log), as list prints them.
  skip-lost   retention has taken records that were not read: go on where the log begins
  new-log     the topic was made anew or cut short: read it from its beginning, as another log of this partition
What is given up is counted nowhere; it stays in GET /v1/accounting as "skipped", with who decided and why.
Examples:
  npm run taxameter -- consumers list
  npm run taxameter -- consumers decide metering/usage.api-calls.v1/2 --kind skip-lost --continue-at 9120 --seen 8800 \\
      --why "disk of the broker was full on the 3rd, case 17"
  npm run taxameter -- consumers decide billing/usage.sms-sent.v1/0 --kind new-log --continue-at 0 --seen 411 --why "new cluster"
Exit code: list: 1 when a partition stands still (gap, stopped), else 0. decide: 0 done, 1 Taxameter refused. 2 wrong use.`;

interface DecideFlags {
  readonly kind: string;
  readonly continueAt: number;
  readonly seen: SeenPosition;
  readonly why: string;
  readonly json?: true;
}

export function registerConsumersCommands(program: Command, context: CommandContext): void {
  const ask = askWith(context);
  const consumers = program
    .command('consumers')
    .summary('how each partition is read, and decisions about one that stands in a gap')
    .description(
      'The readers of the log in one process, and what is decided about those that stand in a gap.',
    )
    .addHelpText('after', HELP);
  consumers
    .command('list')
    .description('Lists every partition of the process with state, position, log, lag and decisions.')
    .option('--json', 'for machines: the answer of the API')
    .action(({ json }: { json?: true }) => ask((access) => list(access, json === true)));
  consumers
    .command('decide')
    .argument('<partition>', 'ROOM/TOPIC/PARTITION', namedPartition)
    .description('Lets a partition that stands in a gap go on elsewhere; its reader does so within seconds.')
    .addOption(new Option('--kind <kind>', 'what happened').choices(KINDS).makeOptionMandatory())
    .requiredOption(
      '--continue-at <offset>',
      'where it goes on, from the begin to the end of the log',
      wholeNumber,
    )
    .requiredOption(
      '--seen <position>',
      'where it stands as you saw it: refused when it stands elsewhere now',
      seenPosition,
    )
    .requiredOption('--why <text>', 'why you decide so; it is kept with the decision')
    .option('--json', 'for machines: the answer of the API')
    .action((partition: NamedPartition, flags: DecideFlags) =>
      ask((access) => decide(access, partition, flags)),
    );
}

async function list(access: LocalAccess, isJson: boolean): Promise<Answer> {
  const answer = await callApi<{ items: readonly Consumer[] }>(access, 'GET', '/v1/consumers');
  const standsStill = answer.items.some(({ state }) => state === 'gap' || state === 'stopped');
  const text = isJson ? inJson(answer) : describeConsumers(answer.items);
  return { text, code: standsStill ? 1 : 0 };
}

async function decide(
  access: LocalAccess,
  partition: NamedPartition,
  { kind, continueAt, seen, why, json }: DecideFlags,
): Promise<Answer> {
  const body = { ...partition, kind, continueAt, seen, reason: why };
  const decision = await callApi<Decision>(access, 'POST', '/v1/consumers/decisions', body);
  return { text: json ? inJson(decision) : describeDecision(decision) };
}

function namedPartition(text: string): NamedPartition {
  const partition = parsePartition(text);
  if (partition) return partition;
  throw new InvalidArgumentError('must be ROOM/TOPIC/PARTITION, as list prints it.');
}

function seenPosition(text: string): SeenPosition {
  const seen = parseSeen(text);
  if (seen) return seen;
  throw new InvalidArgumentError('must be OFFSET or OFFSET@GENERATION, as list prints it.');
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('must be an offset: a whole number from 0 on.');
}
