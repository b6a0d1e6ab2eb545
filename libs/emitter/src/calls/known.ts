import type { ApiCall } from '@taxameter/contracts';
import { operationOf } from '../routes/operation.js';
import type { Operations } from '../routes/operation.js';
import { readQuery } from '../routes/query-flags.js';
import { agreementIndexByCustom, readPath } from '../routes/route-template.js';
import { UNMATCHED } from './framework-route.js';

/** What of a call can be found out once and remembered, because templates and queries come again and again. */

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const AGREEMENT = 'organizationId';

export interface KnownRoute {
  /** Which segments of a path are parameters, without the agreement. */
  readonly identifiers: readonly number[];
  /** The segment of the agreement; -1: the route has none, null: by custom. */
  readonly agreement: number | null;
  /** Method, route and operation as JSON, by method. */
  readonly parts: ReadonlyMap<string, string>;
}

export interface KnownQuery {
  /** As JSON; what is relative to the time of the call is left out. */
  readonly flags: string;
  /** When `changesSince` was, ms since 1970. */
  readonly changesSinceMs: number | null;
  readonly hash: string | null;
}

export function knownRouteOf(template: string, operations: Operations): KnownRoute {
  const parameters = template
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => /^\{(\w{1,50})\}$/.exec(segment)?.[1] ?? null);
  const identifiers = parameters.flatMap((name, index) =>
    name === null || name === AGREEMENT ? [] : [index],
  );
  return {
    identifiers,
    agreement: parameters.indexOf(AGREEMENT),
    parts: partsOf(template.slice(0, 300), identifiers.includes(parameters.length - 1), operations),
  };
}

/** Of a call that no route took. */
export function noRoute(operations: Operations): KnownRoute {
  return { identifiers: [], agreement: null, parts: partsOf(UNMATCHED, false, operations) };
}

function partsOf(route: string, endsWithIdentifier: boolean, operations: Operations): Map<string, string> {
  return new Map(
    METHODS.map((method) => {
      const operation = operationOf(method, { route, endsWithIdentifier }, operations);
      return [method, JSON.stringify({ method, route, operation }).slice(1, -1)];
    }),
  );
}

type Flags = NonNullable<ApiCall['query']>;

/** @param query with its question mark; the empty text of a call without one */
export function knownQueryOf(
  query: string,
  hash: (purpose: string, value: string, length: number) => string,
): KnownQuery {
  // Dated against 1970, the age of `changesSince` is its instant.
  const { flags, normalised } = readQuery(query, 0);
  const { changesSinceAgeSec, ...others } = flags;
  const isDated = typeof changesSinceAgeSec === 'number';
  const lasting: Flags = isDated ? others : flags;
  return {
    flags: JSON.stringify(lasting),
    changesSinceMs: isDated ? -changesSinceAgeSec * 1000 : null,
    hash: normalised === '' ? null : hash('query', normalised, 16),
  };
}

/** The segments of a path, without query. */
export function segmentsOf(path: string): readonly string[] {
  return readPath(path, []).segments;
}

/** The agreement in a path: the parameter `organizationId`, or where it stands by custom when no route is known. */
export function agreementIn(route: KnownRoute | null, segments: readonly string[]): string | null {
  const index = route?.agreement ?? agreementIndexByCustom(segments) ?? -1;
  return segments[index] ?? null;
}
