import { table } from './terminal.js';

/** What the quarantine's answers look like on a terminal. Pure. */

export interface NamedItem {
  readonly room: string;
  readonly topic: string;
  readonly partition: number;
  /** Which log of the partition; not in the name of an item of the first. */
  readonly generation: number;
  readonly offset: number;
  readonly index: number;
}

interface Item extends NamedItem {
  readonly reason: string;
  readonly field: string;
  readonly detail: string;
  readonly appendedAt: string;
  readonly quarantinedAt: string;
  readonly sizeBytes: number;
  readonly state: string;
}

export interface Page {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
  readonly counts: readonly { readonly reason: string; readonly count: number }[];
}

export interface Shown extends Item {
  readonly bytes: { readonly encoding: 'json' | 'base64'; readonly text: string };
  readonly history: readonly {
    readonly decision: string;
    readonly at: string;
    readonly by: { readonly id: string; readonly name: string };
    readonly reason: string;
    readonly found: string;
    readonly detail: string;
  }[];
}

export interface Decided {
  readonly room: string;
  readonly changed: number;
  readonly items: readonly (Omit<NamedItem, 'room'> & {
    readonly outcome: string;
    readonly detail: string;
  })[];
  readonly next: Pick<NamedItem, 'partition' | 'generation' | 'offset' | 'index'> | null;
}

/** null when the text does not name an item. */
export function parseItem(text: string): NamedItem | null {
  const match = /^([^/\s]+)\/([^/\s]+)\/(\d{1,10})(?:@(\d{1,9}))?\/(\d{1,16})\/(\d{1,10})$/.exec(text);
  if (!match) return null;
  const [, room = '', topic = '', ...numbers] = match;
  const [partition = 0, generation = 0, offset = 0, index = 0] = numbers.map((number) => Number(number ?? 0));
  return { room, topic, partition, generation, offset, index };
}

export function describePage({ items, counts, nextCursor }: Page): string {
  if (items.length === 0) return 'nothing is in quarantine that matches';
  const columns = ['item', 'since', 'state', 'reason', 'what'].map((title) => ({ title }));
  const rows = items.map((item) => [
    nameOf(item),
    item.quarantinedAt.slice(0, 19),
    item.state,
    item.reason,
    whatOf(item),
  ]);
  const summary = counts.map(({ reason, count }) => `${count} ${reason}`).join(', ');
  const more = nextCursor === null ? [] : [`more: --cursor ${nextCursor}`];
  return [...table(columns, rows), '', `in all: ${summary}`, ...more].join('\n');
}

export function describeItem(item: Shown): string {
  const { encoding, text } = item.bytes;
  const history = item.history.map(({ decision, at, by, reason, found, detail }) => {
    const result = [found, detail].filter(Boolean).join(': ');
    return `  ${at}  ${decision} by ${by.name || by.id}: ${reason}${result && ` (${result})`}`;
  });
  return [
    nameOf(item),
    `${item.state}, ${item.reason}: ${whatOf(item)}`,
    `taken by the log at ${item.appendedAt}, in quarantine since ${item.quarantinedAt}`,
    ...(history.length > 0 ? ['decisions:', ...history] : []),
    `${item.sizeBytes} bytes${encoding === 'base64' ? ', no JSON, in base64' : ''}:`,
    text.split('\n').map(printable).join('\n'),
  ].join('\n');
}

export function describeDecided(answers: readonly Decided[]): string {
  const items = answers.flatMap(({ room, items: decided }) => decided.map((item) => ({ ...item, room })));
  if (items.length === 0) return 'nothing is in quarantine that matches';
  const lines = items.map((item) =>
    [nameOf(item), item.outcome, printable(item.detail)].filter(Boolean).join('  '),
  );
  const changed = answers.reduce((sum, answer) => sum + answer.changed, 0);
  return [...lines, `${changed} of ${items.length} done`].join('\n');
}

function nameOf({ room, topic, partition, generation, offset, index }: NamedItem): string {
  const log = generation === 0 ? String(partition) : `${partition}@${generation}`;
  return `${room}/${topic}/${log}/${offset}/${index}`;
}

function whatOf({ field, detail }: Item): string {
  return printable([field, detail].filter(Boolean).join(' '));
}

/** Bad input can hold what a terminal obeys: control characters are shown as a question mark. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?');
}
