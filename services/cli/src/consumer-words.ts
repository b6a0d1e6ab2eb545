import { table } from './terminal.js';

/** What readers of the log and decisions about them look like on a terminal. Pure. */

export interface NamedPartition {
  readonly room: string;
  readonly topic: string;
  readonly partition: number;
}

export interface SeenPosition {
  readonly generation: number;
  readonly offset: number;
}

export interface Decision extends NamedPartition {
  readonly kind: string;
  readonly from: SeenPosition;
  readonly to: SeenPosition;
  readonly skipped: number;
  readonly at: string;
  readonly by: { readonly id: string; readonly name: string };
  readonly reason: string;
}

export interface Consumer extends NamedPartition {
  readonly state: string;
  readonly reason: string | null;
  readonly gap: 'lost' | 'another_log' | null;
  readonly generation: number;
  readonly position: number;
  readonly logBegin: number | null;
  readonly logEnd: number | null;
  readonly lag: number | null;
  readonly decisions: readonly Decision[];
}

/** null when the text does not name a partition of a room. */
export function parsePartition(text: string): NamedPartition | null {
  const match = /^([^/\s]+)\/([^/\s]+)\/(\d{1,9})$/.exec(text);
  if (!match) return null;
  const [, room = '', topic = '', partition = ''] = match;
  return { room, topic, partition: Number(partition) };
}

/** `17`, or `17@2` in the third log of a partition; null for anything else. */
export function parseSeen(text: string): SeenPosition | null {
  const match = /^(\d{1,15})(?:@(\d{1,9}))?$/.exec(text);
  return match ? { offset: Number(match[1]), generation: Number(match[2] ?? 0) } : null;
}

export function describeConsumers(consumers: readonly Consumer[]): string {
  if (consumers.length === 0) return 'nothing is read in this process';
  const columns = [
    ...['partition', 'state'].map((title) => ({ title })),
    ...['position', 'log', 'lag', 'skipped'].map((title) => ({ title, align: 'right' as const })),
  ];
  const rows = consumers.map((consumer) => [
    nameOf(consumer),
    consumer.state,
    seenOf({ generation: consumer.generation, offset: consumer.position }),
    consumer.logBegin === null ? '?' : `${consumer.logBegin}–${consumer.logEnd}`,
    consumer.lag === null ? '?' : String(consumer.lag),
    String(consumer.decisions.reduce((sum, { skipped }) => sum + skipped, 0) || ''),
  ]);
  const reasons = consumers.flatMap((consumer) =>
    consumer.reason === null
      ? []
      : [`${nameOf(consumer)}: ${printable(consumer.reason)}`, ...remedyFor(consumer)],
  );
  const decisions = consumers.flatMap((consumer) => consumer.decisions.map(describeDecision));
  return [
    ...table(columns, rows),
    ...(reasons.length > 0 ? ['', ...reasons] : []),
    ...(decisions.length > 0 ? ['', 'decided:', ...decisions] : []),
  ].join('\n');
}

export function describeDecision(decision: Decision): string {
  const { kind, from, to, skipped, at, by, reason } = decision;
  const given = skipped === 0 ? '' : `, ${skipped} offsets given up`;
  const who = printable(by.name.trim() || by.id);
  return `${nameOf(decision)}: ${kind} from ${seenOf(from)} to ${seenOf(to)}${given}; ${at} by ${who}: ${printable(reason)}`;
}

/** The command that a person may give, ready but for the reason. */
function remedyFor(consumer: Consumer): string[] {
  const { gap, generation, position, logBegin } = consumer;
  if (gap === null || logBegin === null) return [];
  const kind = gap === 'lost' ? 'skip-lost' : 'new-log';
  const seen = seenOf({ generation, offset: position });
  return [
    `  bring the records back, or: consumers decide ${nameOf(consumer)} --kind ${kind} --continue-at ${logBegin} --seen ${seen} --why …`,
  ];
}

function nameOf({ room, topic, partition }: NamedPartition): string {
  return `${room}/${topic}/${partition}`;
}

function seenOf({ generation, offset }: SeenPosition): string {
  return generation === 0 ? String(offset) : `${offset}@${generation}`;
}

/** A reason can hold what a terminal obeys: control characters are shown as a question mark. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, '?');
}
