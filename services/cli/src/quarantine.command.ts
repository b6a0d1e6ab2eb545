import { InvalidArgumentError, Option, type Command } from 'commander';
import { callApi } from './api-client.service.js';
import { askWith, type Ask } from './ask-api.service.js';
import type { CommandContext } from './command-context.js';
import { inJson } from './in-json.js';
import {
  describeDecided,
  describeItem,
  describePage,
  parseItem,
  type Decided,
  type NamedItem,
  type Page,
  type Shown,
} from './quarantine-words.js';

/** `taxameter quarantine`: looks at events that could not be counted, and decides about them. */

const WRONG_USE = 2;
const STATES = ['open', 'replayed', 'discarded'];
const HELP = `
An item is named ROOM/TOPIC/PARTITION/OFFSET/INDEX (PARTITION@GENERATION after a new-log), as list prints it. A decision needs --why, and takes items or a filter.
Examples:
  npm run taxameter -- quarantine list --room billing
  npm run taxameter -- quarantine show billing/usage.sms-sent.v1/2/1041/0
  npm run taxameter -- quarantine replay billing/usage.sms-sent.v1/2/1041/0 --why "constraint mended, case 17"
  npm run taxameter -- quarantine discard --room metering --topic usage.api-calls.v1 --reason not_json --why "test of a partner"
Exit code: 0 done, 1 an item was left as it was or Taxameter refused, 2 wrong use.`;

interface ListFlags {
  readonly room?: string;
  readonly topic?: string;
  readonly reason?: string;
  readonly state: string;
  readonly limit: number;
  readonly cursor?: string;
  readonly json?: true;
}

interface DecideFlags {
  readonly why: string;
  readonly room?: string;
  readonly topic?: string;
  readonly reason?: string;
  readonly json?: true;
}

export function registerQuarantineCommands(program: Command, context: CommandContext): void {
  const ask = askWith(context);
  const quarantine = program
    .command('quarantine')
    .summary('events that could not be counted: look at them, replay or discard them')
    .description('Events that were read and could not be counted, of the rooms of one process.')
    .addHelpText('after', HELP);
  registerReading(quarantine, ask);
  for (const name of Object.keys(DECISIONS) as (keyof typeof DECISIONS)[]) {
    registerDecision(quarantine, name, { ask, context });
  }
}

function registerReading(quarantine: Command, ask: Ask): void {
  quarantine
    .command('list')
    .description('Lists items, newest first, without their bytes.')
    .option('--room <room>', 'such as billing')
    .option('--topic <topic>', 'such as usage.sms-sent.v1')
    .option('--reason <reason>', 'why they are there, such as breaks_schema')
    .addOption(new Option('--state <state>', 'what was decided').choices(STATES).default('open'))
    .option('--limit <number>', 'items a page, at most 500', pageSize, 50)
    .option('--cursor <text>', 'nextCursor of the page before')
    .option('--json', 'for machines: the answer of the API')
    .action(({ json, ...filter }: ListFlags) =>
      ask(async (access) => {
        const query = new URLSearchParams(
          Object.entries(filter).map(([name, value]) => [name, String(value)] as [string, string]),
        );
        const page = await callApi<Page>(access, 'GET', `/v1/quarantine?${query}`);
        return { text: json ? inJson(page) : describePage(page) };
      }),
    );
  quarantine
    .command('show')
    .argument('<item>', 'ROOM/TOPIC/PARTITION/OFFSET/INDEX', namedItem)
    .description('Shows one item with its bytes, which may be personal data, and every decision about it.')
    .option('--json', 'for machines: the answer of the API')
    .action(({ room, topic, partition, generation, offset, index }: NamedItem, { json }: { json?: true }) =>
      ask(async (access) => {
        const path = [room, topic, partition, offset, index].map(encodeURIComponent).join('/');
        const item = await callApi<Shown>(access, 'GET', `/v1/quarantine/${path}?generation=${generation}`);
        return { text: json ? inJson(item) : describeItem(item) };
      }),
    );
}

const DECISIONS = {
  replay: 'Hands items to their room again: each counts once, and what is still bad stays open.',
  discard: 'Sets items aside for good; nothing is deleted.',
  reopen: 'Takes the discarding of items back.',
};

function registerDecision(
  quarantine: Command,
  name: keyof typeof DECISIONS,
  { ask, context }: { readonly ask: Ask; readonly context: CommandContext },
): void {
  quarantine
    .command(name)
    .argument('[items...]', 'ROOM/TOPIC/PARTITION/OFFSET/INDEX, or none with a filter', namedItems)
    .description(DECISIONS[name])
    .requiredOption('--why <text>', 'why you decide so; it is kept with the decision')
    .option('--room <room>', 'filter: the room')
    .option('--topic <topic>', 'filter: the topic')
    .option('--reason <reason>', 'filter: why the items are in quarantine')
    .option('--json', 'for machines: the answers of the API, one a request')
    .action((items: readonly NamedItem[] | undefined, flags: DecideFlags) => {
      const requests = requestsFor(items ?? [], flags);
      if (requests === null) {
        context.stderr.write('name items, or all of --room, --topic and --reason, not both\n');
        return context.exit(WRONG_USE);
      }
      return ask(async (access) => {
        const answers: Decided[] = [];
        for (const request of requests) {
          let next: Decided['next'] = null;
          do {
            const filter = request.filter && { ...request.filter, ...(next && { after: next }) };
            const body = { ...request, filter };
            const answer: Decided = await callApi<Decided>(access, 'POST', `/v1/quarantine/${name}`, body);
            answers.push(answer);
            next = answer.next;
          } while (next !== null);
        }
        const isDone = answers.every(({ changed, items: decided }) => changed === decided.length);
        return { text: flags.json ? inJson(answers) : describeDecided(answers), code: isDone ? 0 : 1 };
      });
    });
}

interface Request {
  readonly room: string;
  readonly reason: string;
  readonly items?: readonly Omit<NamedItem, 'room'>[];
  readonly filter?: { readonly topic: string; readonly reason: string };
}

const ITEMS_PER_REQUEST = 500;

/** A command of the API is of one room. null when neither items nor a whole filter is named, or both are. */
function requestsFor(
  items: readonly NamedItem[],
  { why, room, topic, reason }: DecideFlags,
): Request[] | null {
  const filters = [room, topic, reason].filter((value) => value !== undefined).length;
  if (items.length === 0) {
    if (room === undefined || topic === undefined || reason === undefined) return null;
    return [{ room, reason: why, filter: { topic, reason } }];
  }
  if (filters > 0) return null;
  const requests: Request[] = [];
  for (const name of new Set(items.map((item) => item.room))) {
    const ofRoom = items.filter((item) => item.room === name).map(({ room: _room, ...position }) => position);
    for (let from = 0; from < ofRoom.length; from += ITEMS_PER_REQUEST) {
      requests.push({ room: name, reason: why, items: ofRoom.slice(from, from + ITEMS_PER_REQUEST) });
    }
  }
  return requests;
}

function namedItem(text: string): NamedItem {
  const item = parseItem(text);
  if (item) return item;
  throw new InvalidArgumentError('must be ROOM/TOPIC/PARTITION/OFFSET/INDEX, as list prints it.');
}

function namedItems(text: string, before: readonly NamedItem[] | undefined): NamedItem[] {
  return [...(before ?? []), namedItem(text)];
}

function pageSize(text: string): number {
  const size = Number(text);
  if (Number.isInteger(size) && size >= 1 && size <= 500) return size;
  throw new InvalidArgumentError('must be a whole number from 1 to 500.');
}
