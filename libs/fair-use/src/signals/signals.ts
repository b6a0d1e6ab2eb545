import { agreementIdOf, type ApiCall, type ApiCallEvent } from '@taxameter/contracts';
import { filterableRoute, type Policy } from '../policy/policy.js';
import { MINUTE_MS, placeOf } from './minute.js';

/**
 * Signals are what the rules see of the calls: a few measures per minute, by event time. They merge
 * commutatively and associatively, so the order of events, the cut into batches and the number of processes
 * change nothing. A new rule that needs more adds a measure with its merge below; the compiler asks for the
 * merge.
 */

/** A minute is cut into slots of so many ms, for what only a few seconds show. */
const SLOT_MS = 5_000;
export const SLOT_SECONDS = SLOT_MS / 1000;
export const SLOTS_PER_MINUTE = MINUTE_MS / SLOT_MS;

/** Measures of one integration on one agreement in one minute. */
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

/** Measures of one route, within a pair and a minute. */
export interface RouteMeasures {
  /** Times the whole list was fetched although the route offers a filter. */
  readonly unfilteredSweeps: number;
  /** Times the list was asked for its changes only. */
  readonly changesSinceSweeps: number;
}

export interface PairMinute extends PairMeasures {
  readonly integrationId: string;
  /** The empty string for calls without an agreement. */
  readonly agreementId: string;
  /** Whole minutes since 1970, UTC. */
  readonly minute: number;
}

export interface RouteMinute extends RouteMeasures {
  readonly integrationId: string;
  readonly agreementId: string;
  readonly route: string;
  readonly minute: number;
}

/** Rows by their key; a row with nothing but zeros is not kept. */
export interface Signals {
  readonly pairs: ReadonlyMap<string, PairMinute>;
  readonly routes: ReadonlyMap<string, RouteMinute>;
}

type Mutable<Row> = { -readonly [Field in keyof Row]: Row[Field] };
type PairSums = Mutable<Omit<PairMinute, 'callsBySlot'>> & { readonly callsBySlot: number[] };
type Merges<Measures> = {
  readonly [Measure in keyof Measures]: (
    left: Measures[Measure],
    right: Measures[Measure],
  ) => Measures[Measure];
};

const sum = (left: number, right: number) => left + right;

// Only merges that do not care for order or grouping may stand here: sums and maxima, never averages or "the
// last one".
const PAIR_MERGES: Merges<PairMeasures> = {
  calls: sum,
  writes: sum,
  serverTimeMs: sum,
  clientErrors: sum,
  throttled: sum,
  callsBySlot: (left, right) => left.map((calls, slot) => calls + right[slot]!),
};
const ROUTE_MERGES: Merges<RouteMeasures> = { unfilteredSweeps: sum, changesSinceSweeps: sum };

/** The neutral element: merging it with anything gives that thing. */
export const NO_SIGNALS: Signals = { pairs: new Map(), routes: new Map() };

/**
 * What a batch of distinct calls says. Left out, because they must never count against a partner: calls by
 * nobody we could help (`unknown`), answers that our own restriction gave (domain rule 1.7.1; those that
 * ignore a block have a rule of their own), and 5xx answers, which are the platform's fault (domain rule
 * 1.5).
 * @throws RangeError when an event's `time` is not an instant
 */
export function signalsOf(events: Iterable<ApiCallEvent>, policy: Policy): Signals {
  const pairs = new Map<string, PairSums>();
  const routes = new Map<string, Mutable<RouteMinute>>();
  for (const { data, time } of events) {
    if (!countsAgainstPartner(data)) continue;
    const { minute, msIntoMinute } = placeOf(time);
    const { integrationId } = data;
    const agreementId = agreementIdOf(data.organizationId);
    if (isTokenOfNoAgreement(data)) continue;
    const key = pairKey(integrationId, agreementId, minute);
    let pair = pairs.get(key);
    if (!pair) pairs.set(key, (pair = { integrationId, agreementId, minute, ...noCalls() }));
    addCall(pair, data, msIntoMinute);
    const sweep = sweepOf(data, policy);
    if (!sweep) continue;
    const { route } = data;
    const ofRoute = routeKey(key, route);
    let row = routes.get(ofRoute);
    if (!row) routes.set(ofRoute, (row = { integrationId, agreementId, minute, route, ...noSweeps() }));
    row[sweep] += 1;
  }
  return { pairs, routes };
}

/**
 * The signals of two disjoint sets of calls together. Commutative and associative; neither argument is
 * changed.
 */
export function mergeSignals(left: Signals, right: Signals): Signals {
  return {
    pairs: mergeRows(left.pairs, right.pairs, PAIR_MERGES),
    routes: mergeRows(left.routes, right.routes, ROUTE_MERGES),
  };
}

/** Whether a call says anything of a partner: not one of nobody's, not our own refusal, not the platform's fault. */
export function countsAgainstPartner(call: ApiCall): boolean {
  return (
    call.integrationId !== 'unknown' &&
    (call.enforced === undefined || call.enforced === 'none') &&
    call.status < 500
  );
}

/**
 * Tokens of all customers are asked for without saying which: together they look as if one agreement were called a hundred times a
 * minute, and who has many customers would be judged for that (domain rule 1.7.3).
 */
function isTokenOfNoAgreement({ operation, organizationId }: ApiCall): boolean {
  return operation === 'auth' && agreementIdOf(organizationId) === '';
}

/** The customer has not bought what the call needs: not the partner's fault (domain rule 1.7.4). */
const NOT_BOUGHT = 48;

/**
 * Whether a call was refused for what it is, so that it would be refused again: any 4xx but 429, which is a
 * question of pace, and but a customer without the plan.
 */
export function isClientError({ status, errorCode }: ApiCall): boolean {
  if (status < 400 || status >= 500 || status === 429) return false;
  return !(status === 403 && errorCode === NOT_BOUGHT);
}

function noCalls() {
  return {
    ...{ calls: 0, writes: 0, serverTimeMs: 0, clientErrors: 0, throttled: 0 },
    callsBySlot: new Array<number>(SLOTS_PER_MINUTE).fill(0),
  };
}

function noSweeps(): RouteMeasures {
  return { unfilteredSweeps: 0, changesSinceSweeps: 0 };
}

/** In place, and without an object for the call: this runs for every call. */
function addCall(to: PairSums, call: ApiCall, msIntoMinute: number): void {
  to.calls += 1;
  if (isWrite(call)) to.writes += 1;
  // What a call takes beyond its minute is left out: so calls made one after the other never add up to more
  // than a minute a minute, and no number that an emitter got wrong outgrows a sum.
  to.serverTimeMs += Math.min(call.durationMs, MINUTE_MS - msIntoMinute);
  if (isClientError(call)) to.clientErrors += 1;
  if (call.status === 429) to.throttled += 1;
  to.callsBySlot[Math.floor(msIntoMinute / SLOT_MS)]! += 1;
}

/** A request for a token is a POST too, and writes no data. */
function isWrite({ method, operation }: ApiCall): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS' && operation !== 'auth';
}

/**
 * Page 0, or no page at all, starts a sweep; the pages after it belong to the same one. An answer that is no
 * success (a 304 neither) fetched nothing, so "fetched in full" would be untrue of it; refused calls are the error rules'
 * business. A sweep with another filter than for changes is looked at by no rule.
 */
function sweepOf(call: ApiCall, policy: Policy): keyof RouteMeasures | null {
  if (call.operation !== 'list' || call.method !== 'GET') return null;
  if (call.status < 200 || call.status >= 300) return null;
  // An emitter that says nothing of the query may have filtered: nobody is blamed for what was not told.
  const { query } = call;
  if (!query) return null;
  if ((query.page ?? 0) !== 0) return null;
  if (!query.hasChangesSince && (query.hasDateRange || query.hasQueryFilter)) return null;
  if (filterableRoute(policy, call.route) === null) return null;
  return query.hasChangesSince ? 'changesSinceSweeps' : 'unfilteredSweeps';
}

function mergeRows<Measures extends object, Row extends Measures>(
  left: ReadonlyMap<string, Row>,
  right: ReadonlyMap<string, Row>,
  merges: Merges<Measures>,
): Map<string, Row> {
  const merged = new Map(left);
  for (const [key, row] of right) {
    const present = merged.get(key);
    merged.set(key, present ? mergeRow(present, row, merges) : row);
  }
  return merged;
}

function mergeRow<Measures extends object, Row extends Measures>(
  left: Row,
  right: Row,
  merges: Merges<Measures>,
): Row {
  const merged: Row = { ...left };
  for (const measure of Object.keys(merges) as (keyof Measures)[]) {
    (merged as Measures)[measure] = merges[measure](left[measure], right[measure]);
  }
  return merged;
}

// No identifier holds `|` (contracts), and the route, which may, comes last: two rows never share a key.
function pairKey(integrationId: string, agreementId: string, minute: number): string {
  return `${minute}|${integrationId}|${agreementId}`;
}

function routeKey(pair: string, route: string): string {
  return `${pair}|${route}`;
}
