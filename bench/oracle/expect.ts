import type { SentLine } from '../load/sent-file.js';

/**
 * What must have been counted, from the file of what was sent alone: code that shares nothing with the counters that it judges.
 * Days are those of Copenhagen.
 */
export interface Counts {
  calls: number;
  calls4xx: number;
  calls5xx: number;
  calls429: number;
  sms: number;
  smsSegments: number;
  smsTest: number;
}

/** `at most` also holds events of which nobody knows whether they were stored. */
export interface Expected {
  readonly atLeast: Counts;
  readonly atMost: Counts;
}

export const MEASURES = [
  'calls',
  'calls4xx',
  'calls5xx',
  'calls429',
  'sms',
  'smsSegments',
  'smsTest',
] as const;

const dayInCopenhagen = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Copenhagen' });

export class Expectation {
  /** By `day|integration|agreement`. */
  readonly rows = new Map<string, Expected>();
  private readonly days = new Map<string, string>();

  /** Takes one line of each distinct event: `sure` when one of its copies was acknowledged. */
  add(line: SentLine, sure: boolean): void {
    const key = `${this.dayOf(line.time)}|${line.integrationId}|${line.organizationId}`;
    let row = this.rows.get(key);
    if (!row) this.rows.set(key, (row = { atLeast: nothing(), atMost: nothing() }));
    count(row.atMost, line);
    if (sure) count(row.atLeast, line);
  }

  private dayOf(time: string): string {
    const hour = time.slice(0, 13);
    let day = this.days.get(hour);
    if (day === undefined) this.days.set(hour, (day = dayInCopenhagen.format(new Date(time))));
    return day;
  }
}

function nothing(): Counts {
  return { calls: 0, calls4xx: 0, calls5xx: 0, calls429: 0, sms: 0, smsSegments: 0, smsTest: 0 };
}

function count(counts: Counts, { kind, status, segments }: SentLine): void {
  if (kind === 'sms') {
    if (status === 1) counts.smsTest += 1;
    else {
      counts.sms += 1;
      counts.smsSegments += segments;
    }
    return;
  }
  counts.calls += 1;
  if (status >= 500) counts.calls5xx += 1;
  else if (status >= 400) counts.calls4xx += 1;
  if (status === 429) counts.calls429 += 1;
}

/** A sentence for each row that is not as expected, also for those that nobody sent. */
export function differencesOf(
  expected: ReadonlyMap<string, Expected>,
  found: ReadonlyMap<string, Counts>,
): string[] {
  const differences: string[] = [];
  for (const [key, { atLeast, atMost }] of expected) {
    const row = found.get(key) ?? nothing();
    for (const measure of MEASURES) {
      if (row[measure] >= atLeast[measure] && row[measure] <= atMost[measure]) continue;
      const range =
        atLeast[measure] === atMost[measure]
          ? `${atLeast[measure]}`
          : `${atLeast[measure]} to ${atMost[measure]}`;
      differences.push(`${key}: ${measure} is ${row[measure]}, sent were ${range}`);
    }
  }
  for (const [key, row] of found) {
    if (expected.has(key)) continue;
    const counted = MEASURES.filter((measure) => row[measure] > 0);
    if (counted.length > 0)
      differences.push(`${key}: nobody sent it, and ${counted.join(', ')} were counted`);
  }
  return differences;
}
