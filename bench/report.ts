import type { Growth } from './growth.js';
import { median } from './pace.js';
import type { Round } from './pipeline.js';
import type { Recovery } from './recovery.js';

/** What was measured, as ratios held against their bounds. */
export interface Measured {
  readonly rounds: readonly Round[];
  readonly growth: Growth;
  readonly recovery: Recovery;
  /** CPU time in ms a second. */
  readonly idle: { readonly taxameter: number; readonly kafkajs: number };
}

export interface Line {
  readonly id: string;
  readonly what: string;
  readonly value: number;
  readonly bound: { readonly atLeast: number } | { readonly atMost: number };
  readonly held: boolean;
}

const SESSION_MS = 6_000;

/** Each ratio is the median of the rounds' ratios: a round's numerator and denominator ran one after the other. */
export function linesOf({ rounds, growth, recovery, idle }: Measured): Line[] {
  const ratio = (numerator: (round: Round) => number, denominator: (round: Round) => number) =>
    median(rounds.map((round) => numerator(round) / denominator(round)));
  const over = (denominator: (round: Round) => number) => ratio((round) => round.taxameter, denominator);
  const withDuplicates = (perCent: keyof Round['duplicates']) =>
    ratio(
      (round) => round.duplicates[perCent],
      (round) => round.taxameter,
    );
  return [
    line(
      'R1',
      'end to end ÷ raw COPY of ids and times',
      over((round) => round.rawCopy),
      { atLeast: 0.12 },
    ),
    line(
      'R2',
      'end to end ÷ kafkajs counting only',
      over((round) => round.countOnly),
      { atLeast: 0.3 },
    ),
    line(
      'R3',
      'end to end ÷ the usual Nest consumer',
      over((round) => round.nestConsumer),
      { atLeast: 60 },
    ),
    line(
      'R4',
      'end to end ÷ the same SQL, one in flight',
      over((round) => round.sameSqlOne),
      { atLeast: 0.8 },
    ),
    line(
      'R4',
      'end to end ÷ the same SQL, two in flight',
      over((round) => round.sameSqlTwo),
      { atLeast: 0.6 },
    ),
    line('R5', `exponent of time, 1 M to ${growth.events / 1_000_000} M stored`, growth.exponent, {
      atMost: 1.05,
    }),
    line('R6', 'with 10 % duplicates ÷ without', withDuplicates('10'), { atLeast: 0.8 }),
    line('R6', 'with 50 % duplicates ÷ without', withDuplicates('50'), { atLeast: 0.8 }),
    line('R6', 'with 90 % duplicates ÷ without', withDuplicates('90'), { atLeast: 0.8 }),
    line(
      'R10',
      'quarter totals over raw ids ÷ over counters',
      growth.totalsOverRawMs / growth.totalsOverCountersMs,
      {
        atLeast: 200,
      },
    ),
    line('R10', 'integrations whose totals differ', growth.differences, { atMost: 0 }),
    line('R11', 'kill -9 until all partitions move ÷ session timeout', recovery.afterKillMs / SESSION_MS, {
      atMost: 1.3,
    }),
    line('R11', 'polite stop, seconds', recovery.politeStopMs / 1000, { atMost: 2 }),
    line('R12', 'memory of one consumer at full rate, MB', Math.max(...rounds.map(({ peakMb }) => peakMb)), {
      atMost: 350,
    }),
    line('R13', 'idle CPU ÷ mended kafkajs alone', idle.taxameter / idle.kafkajs, { atMost: 2 }),
  ];
}

export function line(id: string, what: string, value: number, bound: Line['bound']): Line {
  const held = 'atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost;
  return { id, what, value, bound, held };
}

/** A table in Markdown, also readable in a terminal. */
export function tableOf(lines: readonly Line[]): string {
  const rows = lines.map(({ id, what, value, bound, held }) => [
    id,
    what,
    shownValue(value),
    'atLeast' in bound ? `≥ ${bound.atLeast}` : `≤ ${bound.atMost}`,
    held ? 'held' : 'missed',
  ]);
  const header = ['', 'measure', 'value', 'bound', ''];
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(3, ...all.map((row) => row[column]!.length)));
  const written = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [written(header), written(widths.map((width) => '-'.repeat(width))), ...rows.map(written)].join(
    '\n',
  );
}

function shownValue(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
