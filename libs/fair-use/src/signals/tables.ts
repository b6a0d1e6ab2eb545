import type { GrainMinutes } from './minute.js';
import {
  countedSet,
  maximum,
  rareSlotMaxima,
  rareSlotSums,
  slotSums,
  sum,
  type CountedSet,
  type Measure,
} from './measure.js';
import { WAIT_STARTS } from './waits.js';

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
  /** Calls whose caller was refused (`isAuthFailure`); they are client errors too. */
  readonly authFailures: number;
  /**
   * Of waits that a 429 to a call of this minute asked for, how many slots the longest lasts that begins with each of `WAIT_STARTS`
   * slots from the minute's start (`waits.ts`). Empty: none.
   */
  readonly waitSlots: readonly number[];
  /** Of the calls of this minute, how many were in flight at the middle of each of its slots. Empty: none at any. */
  readonly inFlightBySlot: readonly number[];
  /** Calls that our own block answered; they are in no other measure. */
  readonly blockedCalls: number;
}

/** Of one route, within a pair and a minute. */
export interface RouteMeasures {
  /** Times the whole list was fetched although the route offers a filter. */
  readonly unfilteredSweeps: number;
  /** Times the list was asked for its changes only. */
  readonly changesSinceSweeps: number;
  /** Of a list: times one of its pages was fetched. */
  readonly listCalls: number;
  /** Of a list: how often each of its records was fetched by itself, by `resourceHash`. */
  readonly itemReads: CountedSet;
  /** Of a list: pages fetched that were small ones. */
  readonly smallPages: number;
  /** Of a list: how many pages deep the deepest of the small pages was; 0 when there was none. */
  readonly deepestSmallPage: number;
  /** How often each question was answered in the same way, by `identityOf` (`reads.ts`). */
  readonly equalAnswers: CountedSet;
}

/** Of one integration on one agreement in one hour of UTC. */
export interface PairHourMeasures {
  readonly calls: number;
  /** Calls that came with another proof of who they are than a bearer token. */
  readonly legacyAuthCalls: number;
  /** Calls refused because their token lacked a scope. */
  readonly missingScopes: number;
  /** Calls that were to send an SMS, however they were answered. */
  readonly smsAttempts: number;
  /** Of these, the ones refused for what they are (`isRejectedSms`). */
  readonly smsRejected: number;
  /** Calls that were not refused: by these it is known that somebody uses the integration on an agreement. */
  readonly servedCalls: number;
}

/** Of one route, within a pair and an hour of UTC. */
export interface RouteHourMeasures {
  /** Times the list was asked for the changes of a time longer than the policy allows. */
  readonly staleSweeps: number;
}

/** Of the SMS of one integration for one agreement in one minute. */
export interface SmsMinuteMeasures {
  readonly sms: number;
  /** How often a voucher was sent to a recipient, for each of both. */
  readonly sendings: CountedSet;
}

/** Of the SMS of one integration for one agreement in one hour of UTC. */
export interface SmsHourMeasures {
  readonly sms: number;
  /** Of these, the ones to countries that the policy does not allow. */
  readonly foreignSms: number;
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
export type SmsMinute = SignalKey & SmsMinuteMeasures;
export type SmsHour = SignalKey & SmsHourMeasures;
export type RouteHour = RouteKey & RouteHourMeasures;

export interface SignalRows {
  readonly pairs: PairMinute;
  readonly routes: RouteMinute;
  readonly pairHours: PairHour;
  readonly smsMinutes: SmsMinute;
  readonly smsHours: SmsHour;
  readonly routeHours: RouteHour;
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
      authFailures: sum('auth_failures'),
      waitSlots: rareSlotMaxima('wait_slots', WAIT_STARTS),
      inFlightBySlot: rareSlotSums('in_flight_by_slot'),
      blockedCalls: sum('blocked_calls'),
    },
  },
  routes: {
    name: 'signal_route_minute',
    grain: 1,
    isByRoute: true,
    measures: {
      unfilteredSweeps: sum('unfiltered_sweeps'),
      changesSinceSweeps: sum('changes_since_sweeps'),
      listCalls: sum('list_calls'),
      itemReads: countedSet('item_reads'),
      smallPages: sum('small_pages'),
      deepestSmallPage: maximum('deepest_small_page'),
      equalAnswers: countedSet('equal_answers'),
    },
  },
  pairHours: {
    name: 'signal_pair_hour',
    grain: 60,
    isByRoute: false,
    measures: {
      calls: sum('calls'),
      legacyAuthCalls: sum('legacy_auth_calls'),
      missingScopes: sum('missing_scopes'),
      smsAttempts: sum('sms_attempts'),
      smsRejected: sum('sms_rejected'),
      servedCalls: sum('served_calls'),
    },
  },
  smsMinutes: {
    name: 'signal_sms_minute',
    grain: 1,
    isByRoute: false,
    measures: {
      sms: sum('sms'),
      sendings: countedSet('sendings'),
    },
  },
  smsHours: {
    name: 'signal_sms_hour',
    grain: 60,
    isByRoute: false,
    measures: {
      sms: sum('sms'),
      foreignSms: sum('foreign_sms'),
    },
  },
  routeHours: {
    name: 'signal_route_hour',
    grain: 60,
    isByRoute: true,
    measures: { staleSweeps: sum('stale_sweeps') },
  },
};

/** The measures of a table by their names, for what treats all of them alike: a value and its measure always belong together. */
export function measuresOf(name: SignalTableName): [string, Measure<unknown>][] {
  return Object.entries(SIGNAL_TABLES[name].measures as unknown as Record<string, Measure<unknown>>);
}

export const SIGNAL_TABLE_NAMES = Object.keys(SIGNAL_TABLES) as readonly SignalTableName[];

/** A statement for each table, made once. @param make of its name in the database, and of its name here */
export function ofEachTable(
  make: (tableName: string, table: SignalTableName) => string,
): Readonly<Record<SignalTableName, string>> {
  return Object.fromEntries(
    SIGNAL_TABLE_NAMES.map((table) => [table, make(SIGNAL_TABLES[table].name, table)]),
  ) as Record<SignalTableName, string>;
}

/** Rows by their key; a row with nothing but zeros is not kept. */
export type Signals = {
  readonly [Name in SignalTableName]: ReadonlyMap<string, SignalRows[Name]>;
};

/** The neutral element: merging it with anything gives that thing. */
export const NO_SIGNALS: Signals = {
  pairs: new Map(),
  routes: new Map(),
  pairHours: new Map(),
  smsMinutes: new Map(),
  smsHours: new Map(),
  routeHours: new Map(),
};

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
  key: Name extends 'routes' | 'routeHours' ? RouteKey : SignalKey,
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
