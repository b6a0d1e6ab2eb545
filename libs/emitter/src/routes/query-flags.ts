import type { ApiCall } from '@taxameter/contracts';
import { isoTimeMs } from '../formats/logged-call.js';

/**
 * Reads from a query string what the fair-use rules ask (filtered or not, which page); values stay behind.
 * A missing page is null, and null is page 0: the rule on unfiltered list sweeps counts both as the start
 * of a sweep.
 */

type QueryFlags = NonNullable<ApiCall['query']>;

export interface Query {
  readonly flags: QueryFlags;
  /** Sorted `name=value` pairs, to be hashed, never sent; empty without query. */
  readonly normalised: string;
}

const CHANGES_SINCE = ['changessince', 'updatedsince', 'modifiedsince', 'updatedafter', 'modifiedafter'];
const DATE_RANGES = [
  ['startdate', 'enddate'],
  ['from', 'to'],
] as const;
const FILTERS = ['queryfilter', 'filter', 'q'];
const PAGE_SIZES = ['pagesize', 'perpage', 'limit'];

/** @param loggedAtMs when the call was logged (UTC ms), for the age of `changesSince` */
export function readQuery(target: string, loggedAtMs: number): Query {
  const start = target.indexOf('?');
  if (start < 0) return { flags: flagsOf(new Map(), loggedAtMs), normalised: '' };
  const pairs = [...new URLSearchParams(target.slice(start + 1).split('#', 1)[0])];
  // `changes-since`, `changes_since`, `$filter`: spelling differs, meaning does not.
  const values = new Map(pairs.map(([name, value]) => [name.toLowerCase().replace(/[^a-z]/g, ''), value]));
  const normalised = pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  return { flags: flagsOf(values, loggedAtMs), normalised: normalised.sort().join('&') };
}

function flagsOf(values: ReadonlyMap<string, string>, loggedAtMs: number): QueryFlags {
  // An empty value (`?changesSince=`) filters nothing.
  const has = (name: string) => (values.get(name) ?? '') !== '';
  const since = CHANGES_SINCE.filter(has).map((name) => values.get(name)!)[0];
  const fields = values.get('fields');
  return {
    hasChangesSince: since !== undefined,
    changesSinceAgeSec: since === undefined ? null : ageSec(since, loggedAtMs),
    hasDateRange: DATE_RANGES.some((names) => names.every(has)),
    hasQueryFilter: FILTERS.some(has),
    page: countOf(values.get('page')),
    pageSize: countOf(PAGE_SIZES.map((name) => values.get(name)).find((value) => value !== undefined)),
    fieldsCount: fields ? fields.split(',').length : null,
  };
}

function ageSec(since: string, loggedAtMs: number): number | null {
  // An unescaped `+` of an offset arrives as a blank.
  const text = since.replace(/ (?=\d\d:\d\d$)/, '+');
  const sinceMs = isoTimeMs(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text, 0);
  return sinceMs === null ? null : Math.round((loggedAtMs - sinceMs) / 1000);
}

function countOf(value: string | undefined): number | null {
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : null;
}
