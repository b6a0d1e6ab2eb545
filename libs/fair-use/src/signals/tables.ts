import type { GrainMinutes } from './minute.js';
import { slotSums, sum, type Measure } from './measure.js';

/**
 * The tables of signals and what they measure. A new rule that needs more adds a measure here, and where calls are turned into
 * it; the merge comes with its kind, here and in SQL, and so do writing and reading.
 */

/** Of one integration on one agreement in one minute. */
export interface PairMeasures {
  /** Calls attempted, also those that the API's own limit answered with 429. */
  readonly calls: number;
  /** Of these, the ones that write data. */
  readonly writes: number;
  /** Server time in ms that these calls took within the minute. */
  readonly serverTimeMs: number;
  /** Calls refused for what they are (`isClientError`). */
  readonly clientErrors: number;
  /** Calls that the API's own limit answered with 429. */
  readonly throttled: number;
  /** Calls attempted in each slot of the minute, `SLOTS_PER_MINUTE` of them. */
  readonly callsBySlot: readonly number[];
}

/** Of one route, within a pair and a minute. */
export interface RouteMeasures {
  /** Times the whole list was fetched although the route offers a filter. */
  readonly unfilteredSweeps: number;
  /** Times the list was asked for its changes only. */
  readonly changesSinceSweeps: number;
}

/** Of one integration on one agreement in one hour of UTC. */
export interface PairHourMeasures {
  readonly calls: number;
  /** Calls that came with another proof of who they are than a bearer token. */
  readonly legacyAuthCalls: number;
}

export interface SignalKey {
  readonly integrationId: string;
  /** The empty string for calls without an agreement. */
  readonly agreementId: string;
  /** Whole minutes since 1970, UTC; of an hour its last one (`endOfGrain`). */
  readonly minute: number;
}
export interface RouteKey extends SignalKey {
  readonly route: string;
}

export type PairMinute = SignalKey & PairMeasures;
export type RouteMinute = RouteKey & RouteMeasures;
export type PairHour = SignalKey & PairHourMeasures;

export interface SignalRows {
  readonly pairs: PairMinute;
  readonly routes: RouteMinute;
  readonly pairHours: PairHour;
}
export type SignalTableName = keyof SignalRows;

export interface SignalTable<Measures> {
  readonly name: string;
  readonly grain: GrainMinutes;
  readonly isByRoute: boolean;
  readonly measures: { readonly [Name in keyof Measures]: Measure<Measures[Name]> };
}

/** Written in this order, and rows in the order of their keys: two consumers never wait for each other in a circle. */
export const SIGNAL_TABLES: {
  readonly [Name in SignalTableName]: SignalTable<Omit<SignalRows[Name], keyof RouteKey>>;
} = {
  pairs: {
    name: 'signal_pair_minute',
    grain: 1,
    isByRoute: false,
    measures: {
      calls: sum('calls'),
      writes: sum('writes'),
      serverTimeMs: sum('server_time_ms'),
      clientErrors: sum('client_errors'),
      throttled: sum('throttled'),
      callsBySlot: slotSums('calls_by_slot'),
    },
  },
  routes: {
    name: 'signal_route_minute',
    grain: 1,
    isByRoute: true,
    measures: {
      unfilteredSweeps: sum('unfiltered_sweeps'),
      changesSinceSweeps: sum('changes_since_sweeps'),
    },
  },
  pairHours: {
    name: 'signal_pair_hour',
    grain: 60,
    isByRoute: false,
    measures: {
      calls: sum('calls'),
      legacyAuthCalls: sum('legacy_auth_calls'),
    },
  },
};

/** The measures of a table by their names, for what treats all of them alike: a value and its measure always belong together. */
export function measuresOf(name: SignalTableName): [string, Measure<unknown>][] {
  return Object.entries(SIGNAL_TABLES[name].measures as unknown as Record<string, Measure<unknown>>);
}

export const SIGNAL_TABLE_NAMES = Object.keys(SIGNAL_TABLES) as readonly SignalTableName[];

/** Rows by their key; a row with nothing but zeros is not kept. */
export type Signals = {
  readonly [Name in SignalTableName]: ReadonlyMap<string, SignalRows[Name]>;
};

/** The neutral element: merging it with anything gives that thing. */
export const NO_SIGNALS: Signals = { pairs: new Map(), routes: new Map(), pairHours: new Map() };

/** The signals of two disjoint sets of calls together. Commutative and associative; neither argument is changed. */
export function mergeSignals(left: Signals, right: Signals): Signals {
  return Object.fromEntries(
    SIGNAL_TABLE_NAMES.map((name) => [name, mergeRows(name, left[name], right[name])]),
  ) as unknown as Signals;
}

type AnyRow = SignalRows[SignalTableName];
type Values = Record<string, unknown>;

function mergeRows(
  name: SignalTableName,
  left: ReadonlyMap<string, AnyRow>,
  right: ReadonlyMap<string, AnyRow>,
): Map<string, AnyRow> {
  const merged = new Map(left);
  for (const [key, row] of right) {
    const present = merged.get(key);
    merged.set(key, present ? mergeRow(name, present, row) : row);
  }
  return merged;
}

function mergeRow(name: SignalTableName, left: AnyRow, right: AnyRow): AnyRow {
  const merged: Values = { ...left };
  const added: Values = { ...right };
  for (const [field, measure] of measuresOf(name)) {
    merged[field] = measure.merge(merged[field], added[field]);
  }
  return merged as unknown as AnyRow;
}

/** Nothing measured yet. */
export function emptyRow<Name extends SignalTableName>(
  name: Name,
  key: Name extends 'routes' ? RouteKey : SignalKey,
): SignalRows[Name] {
  const row: Values = { ...key };
  for (const [field, measure] of measuresOf(name)) {
    row[field] = measure.none();
  }
  return row as unknown as SignalRows[Name];
}

/** What a select has to name to get the rows of a table as they are here. */
export function columnsOf(name: SignalTableName): string {
  const { isByRoute } = SIGNAL_TABLES[name];
  const keys = ['integration_id as "integrationId"', 'agreement_id as "agreementId"', 'minute'];
  const values = measuresOf(name).map(([field, { column }]) => `${column} as "${field}"`);
  return [...keys, ...(isByRoute ? ['route'] : []), ...values].join(', ');
}
