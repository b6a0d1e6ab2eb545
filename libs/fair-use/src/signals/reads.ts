import type { ApiCall } from '@taxameter/contracts';
import type { PageSettings } from '../policy/policy.js';
import { bounded, type CountedSet } from './measure.js';
import { emptyRow, type RouteMinute, type SignalKey } from './tables.js';

/**
 * What successful reads say of how an integration reads: page by page, record by record, the same again. A row of a route is made only
 * where something is counted in it.
 */

export type RouteRow = { -readonly [Field in keyof RouteMinute]: RouteMinute[Field] };
/** By the key of the pair's minute, `|` and the route. */
export type RouteRows = Map<string, RouteRow>;

/** The API's own, for a list of which nobody said how large its pages should be. */
const DEFAULT_PAGE_SIZE = 100;

function rowOfRoute(rows: RouteRows, pairKey: string, place: SignalKey, route: string): RouteRow {
  const key = `${pairKey}|${route}`;
  let row = rows.get(key);
  if (!row) rows.set(key, (row = emptyRow('routes', { ...place, route })));
  return row;
}

/**
 * Adds a call in place; `boundReads` is to follow the last one.
 * @returns the row of the call's route; null when nothing is counted in it
 */
export function addReads(
  rows: RouteRows,
  pairKey: string,
  place: SignalKey,
  call: ApiCall,
  { smallPageSize }: Pick<PageSettings, 'smallPageSize'>,
): RouteRow | null {
  const { method, status, operation, route, query } = call;
  if (method !== 'GET' || status < 200 || status >= 300) return null;
  if (operation === 'item' && call.resourceHash) {
    const list = listOf(route);
    if (list !== null) count(rowOfRoute(rows, pairKey, place, list).itemReads, call.resourceHash);
  }
  if (operation !== 'list' && !call.responseHash) return null;
  const row = rowOfRoute(rows, pairKey, place, route);
  if (operation === 'list') {
    row.listCalls += 1;
    // An emitter that says nothing of the query may have asked for large pages.
    if (query && (query.pageSize ?? DEFAULT_PAGE_SIZE) <= smallPageSize) {
      row.smallPages += 1;
      row.deepestSmallPage = Math.max(row.deepestSmallPage, (query.page ?? 0) + 1);
    }
  }
  if (call.responseHash) count(row.equalAnswers, identityOf(call, call.responseHash));
  return row;
}

/** Keeps of each counted set what it may hold: once for all calls, since sorting for each would cost more than all else. */
export function boundReads(rows: Iterable<RouteRow>): void {
  for (const row of rows) {
    row.itemReads = bounded(row.itemReads);
    row.equalAnswers = bounded(row.equalAnswers);
  }
}

/** The list to which the records of a route belong: `/v1/{org}/contacts` of `/v1/{org}/contacts/{guid}`; null when it has none. */
export function listOf(route: string): string | null {
  const end = route.endsWith('/') ? route.length - 1 : route.length;
  const slash = route.lastIndexOf('/', end - 1);
  if (slash <= 0 || route[slash + 1] !== '{' || route[end - 1] !== '}') return null;
  return route.slice(0, slash);
}

/** Eight digits of each hash: the rows stay small, and two reads are taken for one once in four thousand million. */
const DIGITS = 8;

/** The same for two reads of a route that asked for the same and were answered the same. */
function identityOf({ queryHash, resourceHash }: ApiCall, responseHash: string): string {
  return `${responseHash.slice(0, DIGITS)}.${resourceHash?.slice(0, DIGITS) ?? ''}.${queryHash?.slice(0, DIGITS) ?? ''}`;
}

function count(set: CountedSet, hash: string): void {
  const counts = set as Record<string, number>;
  counts[hash] = (counts[hash] ?? 0) + 1;
}
