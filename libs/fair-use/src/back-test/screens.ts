import {
  lowestOf,
  type CallsHeld,
  type HeldThreshold,
  type Policy,
  type RuleId,
  type Thresholds,
} from '../policy/policy.js';
import { ruleNamed } from '../rules/registry.js';
import { SLOTS_PER_MINUTE } from '../signals/minute.js';
import type { Span } from '../signals/span.js';
import type { SignalRows, SignalTableName } from '../signals/tables.js';

/**
 * Says, for each rule, which rows of its table a finding cannot do without. A month of signals has millions of rows, of which a few
 * thousand matter: they are found in one pass over the table, and only what lies around them is judged. A screen may let through
 * what the rule then finds nothing in; it must never hold back what the rule would find (`screens.spec.ts`).
 */
export interface Screen {
  readonly measure: MeasureName;
  /** Rows with less than this add nothing. */
  readonly perRow: number;
  readonly windowMinutes: number;
  /** A finding needs so many such rows within the window. */
  readonly rows: number;
  /** And that they hold so much together. */
  readonly sum: number;
}

interface ScreenMeasure<Table extends SignalTableName> {
  /** The figure of a row, in SQL over the columns of its table … */
  readonly sql: string;
  /** One that is never smaller and costs less to look at. */
  readonly atMostSql?: string;
  /** … and the same here. */
  readonly of: (row: SignalRows[Table]) => number;
}
type ScreenMeasures<Table extends SignalTableName> = Readonly<Record<string, ScreenMeasure<Table>>>;

/** In percent. Where a share is reached over several rows, one of them reaches it: no average is above all that it is made of. */
const shareSql = (counted: string, all: string) =>
  `case when ${counted} = 0 then 0 else ${counted}::float8 * 100 / greatest(${all}, 1) end`;
const shareOf = (counted: number, all: number) => (counted * 100) / Math.max(all, 1);

const PAIRS = {
  calls: { sql: 'calls', of: (row) => row.calls },
  writes: { sql: 'writes', of: (row) => row.writes },
  server_time: { sql: 'server_time_ms', of: (row) => row.serverTimeMs },
  busiest_slot: {
    sql: `greatest(${Array.from({ length: SLOTS_PER_MINUTE }, (_, slot) => `calls_by_slot[${slot + 1}]`).join(', ')})`,
    atMostSql: 'calls',
    of: (row) => Math.max(...row.callsBySlot),
  },
  client_error_share: {
    sql: shareSql('client_errors', 'calls'),
    of: (row) => shareOf(row.clientErrors, row.calls),
  },
  throttled_share: { sql: shareSql('throttled', 'calls'), of: (row) => shareOf(row.throttled, row.calls) },
  throttled: { sql: 'throttled', of: (row) => row.throttled },
  auth_failures: { sql: 'auth_failures', of: (row) => row.authFailures },
  blocked: { sql: 'blocked_calls', of: (row) => row.blockedCalls },
  // No more are in flight at once than began within the minute.
  with_flights: {
    sql: `case when in_flight_by_slot = '{}' then 0 else calls end`,
    of: (row) => (row.inFlightBySlot.length === 0 ? 0 : row.calls),
  },
} as const satisfies ScreenMeasures<'pairs'>;

const ROUTES = {
  full_fetches: { sql: 'unfiltered_sweeps', of: (row) => row.unfilteredSweeps },
  fetches_of_changes: { sql: 'changes_since_sweeps', of: (row) => row.changesSinceSweeps },
  small_pages: { sql: 'small_pages', of: (row) => row.smallPages },
  records: {
    sql: `case when item_reads = '{}' then 0 else (select count(*) from jsonb_object_keys(item_reads)) end`,
    of: (row) => Object.keys(row.itemReads).length,
  },
  most_repeated: {
    sql: `case when equal_answers = '{}' then 0 else (select max(value::bigint) from jsonb_each_text(equal_answers)) end`,
    of: (row) => Math.max(0, ...Object.values(row.equalAnswers)),
  },
} as const satisfies ScreenMeasures<'routes'>;

const PAIR_HOURS = {
  calls_of_hour: { sql: 'calls', of: (row) => row.calls },
  legacy_auth: { sql: 'legacy_auth_calls', of: (row) => row.legacyAuthCalls },
  missing_scopes: { sql: 'missing_scopes', of: (row) => row.missingScopes },
  sms_rejected_share: {
    sql: shareSql('sms_rejected', 'sms_attempts'),
    of: (row) => shareOf(row.smsRejected, row.smsAttempts),
  },
} as const satisfies ScreenMeasures<'pairHours'>;

const ROUTE_HOURS = {
  stale_fetches: { sql: 'stale_sweeps', of: (row) => row.staleSweeps },
} as const satisfies ScreenMeasures<'routeHours'>;

const SMS_MINUTES = {
  sms: { sql: 'sms', of: (row) => row.sms },
} as const satisfies ScreenMeasures<'smsMinutes'>;

const SMS_HOURS = {
  sms_of_hour: { sql: 'sms', of: (row) => row.sms },
  foreign_sms: { sql: 'foreign_sms', of: (row) => row.foreignSms },
} as const satisfies ScreenMeasures<'smsHours'>;

const MEASURES = { ...PAIRS, ...ROUTES, ...PAIR_HOURS, ...ROUTE_HOURS, ...SMS_MINUTES, ...SMS_HOURS };
export type MeasureName = keyof typeof MEASURES;

/** The figure of a row by which it is screened; the row is of the rule's table. */
export function measureOf(name: MeasureName): {
  readonly sql: string;
  readonly atMostSql?: string;
  readonly of: (row: SignalRows[SignalTableName]) => number;
} {
  return MEASURES[name] as ReturnType<typeof measureOf>;
}

type Wanted = Omit<Screen, 'windowMinutes'>;

const SCREENS: { readonly [Id in RuleId]: (rules: Policy['rules']) => Wanted } = {
  RATE_MINUTE: ({ RATE_MINUTE }) => held('calls', RATE_MINUTE.thresholds, callsOf),
  BURST: ({ BURST }) => held('busiest_slot', BURST.thresholds, callsOf),
  WRITE_RATE: ({ WRITE_RATE }) => held('writes', WRITE_RATE.thresholds, callsOf),
  SERVER_TIME: ({ SERVER_TIME }) =>
    held('server_time', SERVER_TIME.thresholds, ({ serverTimeMs }) => serverTimeMs),
  ERROR_RATIO_4XX: ({ ERROR_RATIO_4XX }) => share('client_error_share', ERROR_RATIO_4XX),
  THROTTLED_RATIO: ({ THROTTLED_RATIO }) => share('throttled_share', THROTTLED_RATIO),
  POLLING_UNFILTERED: ({ POLLING_UNFILTERED }) => summed('full_fetches', POLLING_UNFILTERED.thresholds),
  POLLING_TOO_OFTEN: ({ POLLING_TOO_OFTEN }) => summed('fetches_of_changes', POLLING_TOO_OFTEN.thresholds),
  RATE_DAY: ({ RATE_DAY }) => {
    // Of 24 hours that hold so many together, one holds a 24th of them; the others come with it, since all around it is judged.
    const perRow = Math.ceil(lowestOf(RATE_DAY.thresholds, figure) / (RATE_DAY.windowMinutes / 60));
    return { measure: 'calls_of_hour', perRow, rows: 1, sum: 0 };
  },
  LEGACY_AUTH: ({ LEGACY_AUTH }) => summed('legacy_auth', LEGACY_AUTH.thresholds),
  SCOPE_MISMATCH: ({ SCOPE_MISMATCH }) => summed('missing_scopes', SCOPE_MISMATCH.thresholds),
  STALE_CHANGES_SINCE: ({ STALE_CHANGES_SINCE }) => summed('stale_fetches', STALE_CHANGES_SINCE.thresholds),
  AUTH_FAILURES: ({ AUTH_FAILURES }) => summed('auth_failures', AUTH_FAILURES.thresholds),
  SMS_INVALID: ({ SMS_INVALID }) => share('sms_rejected_share', SMS_INVALID),
  RATE_INTEGRATION: ({ RATE_INTEGRATION }) => ({
    ...{ measure: 'calls', sum: 0, perRow: RATE_INTEGRATION.pairCalls },
    rows: lowestOf(RATE_INTEGRATION.thresholds, ({ minutes }) => minutes),
  }),
  SMS_FOREIGN: ({ SMS_FOREIGN }) => summed('foreign_sms', SMS_FOREIGN.thresholds),
  SMS_REPEAT: ({ SMS_REPEAT }) => summed('sms', SMS_REPEAT.thresholds),
  SMS_SPIKE: ({ SMS_SPIKE }) => ({ measure: 'sms_of_hour', perRow: 1, rows: 1, sum: SMS_SPIKE.minSms }),
  // Without a 429 there is no wait; it lies in the window that the rule looks back.
  IGNORES_429: () => ({ measure: 'throttled', perRow: 1, rows: 1, sum: 1 }),
  CONCURRENCY: ({ CONCURRENCY }) => held('with_flights', CONCURRENCY.thresholds, callsOf),
  N_PLUS_ONE: ({ N_PLUS_ONE }) => held('records', N_PLUS_ONE.thresholds, callsOf),
  SMALL_PAGES: ({ SMALL_PAGES }) => summed('small_pages', SMALL_PAGES.thresholds),
  DUPLICATE_READS: ({ DUPLICATE_READS }) => {
    // What comes once a minute adds one for each other minute of the window.
    const sum = lowestOf(DUPLICATE_READS.thresholds, figure) - DUPLICATE_READS.windowMinutes + 1;
    return { measure: 'most_repeated', perRow: 2, rows: 1, sum: Math.max(2, sum) };
  },
  IGNORES_BLOCK: ({ IGNORES_BLOCK }) => held('blocked', IGNORES_BLOCK.thresholds, callsOf),
};

export function screenOf(ruleId: RuleId, policy: Policy): Screen {
  return { ...SCREENS[ruleId](policy.rules), windowMinutes: ruleNamed(ruleId).windowMinutes(policy) };
}

const callsOf = ({ calls }: CallsHeld) => calls;
const figure = (threshold: number) => threshold;

function held<Threshold extends HeldThreshold>(
  measure: MeasureName,
  thresholds: Thresholds<Threshold>,
  limitOf: (threshold: Threshold) => number,
): Wanted {
  const perRow = lowestOf(thresholds, limitOf);
  return { measure, perRow, rows: lowestOf(thresholds, ({ minutes }) => minutes), sum: 0 };
}

function share(measure: MeasureName, { thresholds }: { readonly thresholds: Thresholds<number> }): Wanted {
  // Rules compare in whole calls: a quotient that is rounded must not fall short. A share of 0 is one call at least.
  const perRow = Math.max(lowestOf(thresholds, figure) * 0.999_999, Number.EPSILON);
  return { measure, perRow, rows: 1, sum: 0 };
}

function summed(measure: MeasureName, thresholds: Thresholds<number>): Wanted {
  return { measure, perRow: 1, rows: 1, sum: lowestOf(thresholds, figure) };
}

/** Rows of one subject that have something of what a rule measures: where, and how much. */
export interface Carriers {
  readonly minutes: readonly number[];
  readonly values: readonly number[];
}

/**
 * The minutes at which a rule may find something: from each row that lies in a window with enough, as far ahead as a window
 * reaches. Ascending, and none touches another.
 */
export function suspectSpans(carriers: Carriers, { perRow, windowMinutes, rows, sum }: Screen): Span[] {
  const own = carriers.minutes
    .map((minute, index) => ({ minute, value: carriers.values[index]! }))
    .filter(({ value }) => value >= perRow)
    .sort((left, right) => left.minute - right.minute);
  const spans: { from: number; to: number }[] = [];
  let [first, held] = [0, 0];
  for (const [last, { minute, value }] of own.entries()) {
    held += value;
    while (own[first]!.minute <= minute - windowMinutes) {
      held -= own[first]!.value;
      first += 1;
    }
    if (last - first + 1 < rows || held < sum) continue;
    const [from, to] = [own[first]!.minute, minute + windowMinutes];
    const before = spans.at(-1);
    if (before && from <= before.to) before.to = to;
    else spans.push({ from, to });
  }
  return spans;
}
