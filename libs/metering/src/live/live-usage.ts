/** What was counted between two looks at the minute counters. */

export interface LiveFigures {
  readonly calls: number;
  /** 4xx and 5xx answers. */
  readonly errors: number;
  /** Messages, without those in test mode. */
  readonly sms: number;
}

/** What one integration has in one minute. */
export interface LiveRow extends LiveFigures {
  readonly windowStart: Date;
  readonly integrationId: string;
}

export const NOTHING_COUNTED: LiveFigures = { calls: 0, errors: 0, sms: 0 };

/**
 * What was counted since, by integration; those without are not in it. A counter only grows, so what is new in a minute is
 * the difference; a minute that is gone from `after` has left the stretch that is looked at and takes nothing away.
 */
export function countedSince(
  before: readonly LiveRow[],
  after: readonly LiveRow[],
): Map<string, LiveFigures> {
  const known = new Map(before.map((row) => [keyOf(row), row]));
  const counted = new Map<string, LiveFigures>();
  for (const row of after) {
    const { calls, errors, sms } = known.get(keyOf(row)) ?? NOTHING_COUNTED;
    const more = { calls: row.calls - calls, errors: row.errors - errors, sms: row.sms - sms };
    if (more.calls + more.errors + more.sms === 0) continue;
    counted.set(row.integrationId, sumOf([counted.get(row.integrationId) ?? NOTHING_COUNTED, more]));
  }
  return counted;
}

export function sumOf(figures: Iterable<LiveFigures>): LiveFigures {
  let [calls, errors, sms] = [0, 0, 0];
  for (const more of figures) {
    calls += more.calls;
    errors += more.errors;
    sms += more.sms;
  }
  return { calls, errors, sms };
}

function keyOf({ windowStart, integrationId }: LiveRow): string {
  return `${windowStart.getTime()}|${integrationId}`;
}
