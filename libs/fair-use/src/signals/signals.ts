import { agreementIdOf, type ApiCallEvent } from '@taxameter/contracts';
import { filterableRoute, type Policy } from '../policy/policy.js';
import { minuteOf } from './minute.js';

/**
 * Signals are what the rules see of the calls: a few measures per minute, by event time. They merge
 * commutatively and associatively, so the order of events, the cut into batches and the number of processes
 * change nothing. A new rule that needs more adds a measure with its merge below; the compiler asks for the
 * merge.
 */

/** Measures of one integration on one agreement in one minute. */
export interface PairMeasures {
  /** Calls attempted, also those that the API's own limit answered with 429. */
  readonly calls: number;
}

/** Measures of one route, within a pair and a minute. */
export interface RouteMeasures {
  /** Times the whole list was fetched although the route offers a filter. */
  readonly unfilteredSweeps: number;
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

type Merge = (left: number, right: number) => number;
type Mutable = { pairs: Map<string, PairMinute>; routes: Map<string, RouteMinute> };

const sum: Merge = (left, right) => left + right;

// Only merges that do not care for order or grouping may stand here: sums and maxima, never averages or "the
// last one".
const PAIR_MERGES: Record<keyof PairMeasures, Merge> = { calls: sum };
const ROUTE_MERGES: Record<keyof RouteMeasures, Merge> = { unfilteredSweeps: sum };

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
  const signals: Mutable = { pairs: new Map(), routes: new Map() };
  for (const { data, time } of events) {
    if (!countsAgainstPartner(data)) continue;
    const pair = {
      integrationId: data.integrationId,
      agreementId: agreementIdOf(data.organizationId),
      minute: minuteOf(time),
    };
    put(signals.pairs, pairKey(pair), { ...pair, calls: 1 }, PAIR_MERGES);
    if (isUnfilteredSweep(data, policy)) {
      const row = { ...pair, route: data.route, unfilteredSweeps: 1 };
      put(signals.routes, routeKey(row), row, ROUTE_MERGES);
    }
  }
  return signals;
}

/**
 * The signals of two disjoint sets of calls together. Commutative and associative; neither argument is
 * changed.
 */
export function mergeSignals(left: Signals, right: Signals): Signals {
  const merged: Mutable = { pairs: new Map(left.pairs), routes: new Map(left.routes) };
  for (const [key, row] of right.pairs) put(merged.pairs, key, row, PAIR_MERGES);
  for (const [key, row] of right.routes) put(merged.routes, key, row, ROUTE_MERGES);
  return merged;
}

/** Whether a call says anything of a partner: not one of nobody's, not our own refusal, not the platform's fault. */
export function countsAgainstPartner(call: ApiCallEvent['data']): boolean {
  return (
    call.integrationId !== 'unknown' &&
    (call.enforced === undefined || call.enforced === 'none') &&
    call.status < 500
  );
}

/**
 * Page 0, or no page at all, starts a sweep; the pages after it belong to the same one. An answer that is no
 * success (a 304 neither) fetched nothing, so "fetched in full" would be untrue of it; refused calls are the error rules'
 * business.
 */
function isUnfilteredSweep(call: ApiCallEvent['data'], policy: Policy): boolean {
  if (call.operation !== 'list' || call.method !== 'GET') return false;
  if (call.status < 200 || call.status >= 300) return false;
  // An emitter that says nothing of the query may have filtered: nobody is blamed for what was not told.
  const { query } = call;
  if (!query) return false;
  if ((query.page ?? 0) !== 0) return false;
  if (query.hasChangesSince || query.hasDateRange || query.hasQueryFilter) return false;
  return filterableRoute(policy, call.route) !== null;
}

function put<Row extends object, Measure extends keyof Row>(
  rows: Map<string, Row>,
  key: string,
  row: Row,
  merges: Record<Measure, Merge>,
): void {
  const present = rows.get(key);
  if (!present) {
    rows.set(key, row);
    return;
  }
  const merged = { ...present };
  for (const measure of Object.keys(merges) as Measure[]) {
    merged[measure] = merges[measure](present[measure] as number, row[measure] as number) as Row[Measure];
  }
  rows.set(key, merged);
}

// No identifier holds `|` (contracts), and the route, which may, comes last: two rows never share a key.
function pairKey(row: Pick<PairMinute, 'integrationId' | 'agreementId' | 'minute'>): string {
  return `${row.minute}|${row.integrationId}|${row.agreementId}`;
}

function routeKey(row: Pick<RouteMinute, 'integrationId' | 'agreementId' | 'route' | 'minute'>): string {
  return `${pairKey(row)}|${row.route}`;
}
