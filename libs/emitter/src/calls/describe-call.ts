import { apiCall } from '@taxameter/contracts';
import type { ApiCall, ApiCallEvent } from '@taxameter/contracts';
import { operationOf } from '../routes/operation.js';
import type { Operations } from '../routes/operation.js';
import { readQuery } from '../routes/query-flags.js';
import { agreementIndexByCustom, readPath, routeOf } from '../routes/route-template.js';
import type { Path, RoutePattern } from '../routes/route-template.js';
import { UNMATCHED } from './framework-route.js';

/** Turns a call as a framework saw it into an event of the contract: keys in clear, what identifies hashed, values left behind. */

/** Who called, as the API knows it after authentication. */
export interface Caller {
  /** Client id of the integration. */
  readonly integrationId: string;
  /** The agreement; left out, the parameter `organizationId` of the route. */
  readonly organizationId?: string | null;
  readonly integrationKind?: ApiCall['integrationKind'];
  readonly scopes?: readonly string[];
  /** An id of the token, never the token: it leaves as a hash. */
  readonly tokenId?: string;
  readonly authScheme?: ApiCall['authScheme'];
}

/** What only the handler knows. */
export interface Details {
  /** Rows returned. */
  readonly itemCount?: number;
  /** Error code of the API, such as 48 where the customer has no plan for it. */
  readonly errorCode?: number;
  /** Such as `missing_scope`. */
  readonly errorReason?: string;
  /** Hash of the body without its volatile parts, 16 hex digits: equal answers are seen. */
  readonly responseHash?: string;
}

/** A call that has been answered or given up. */
export interface ObservedCall {
  /** Start of the call, ms since 1970. */
  readonly startedMs: number;
  readonly durationMs: number;
  readonly method: string;
  /** As it came, with the query; it does not leave. */
  readonly target: string;
  /** Template, or null where no route took the call. */
  readonly route: string | null;
  /** 0: the client went away before the answer was finished. */
  readonly status: number;
  readonly requestBytes: number | null;
  readonly responseBytes: number | null;
  readonly retryAfterSec: number | null;
  readonly authScheme: NonNullable<ApiCall['authScheme']>;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly enforced: NonNullable<ApiCall['enforced']>;
}

/** What the emitter brings along: hashes and patterns that it remembers. */
export interface Surroundings {
  readonly source: string;
  readonly id: string;
  readonly operations: Operations;
  /** HMAC-SHA256 with the key of the settings, as lower-case hex of `length` digits. */
  readonly hash: (purpose: string, value: string, length: number) => string;
  readonly agentOf: (userAgent: string) => string;
  readonly patternOf: (template: string) => RoutePattern | null;
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const AGREEMENT = 'organizationId';

/** @returns null for a method that the contract does not name */
export function describeCall(
  call: ObservedCall,
  caller: Caller | null,
  details: Details,
  around: Surroundings,
): ApiCallEvent | null {
  if (!METHODS.has(call.method)) return null;
  const pattern = call.route === null ? null : around.patternOf(call.route);
  const path = readPath(call.target, pattern ? [pattern] : []);
  const route = path.matched
    ? routeOf(path, { name: AGREEMENT, index: null })
    : {
        route: call.route ?? UNMATCHED,
        identifiers: [],
        endsWithIdentifier: call.route?.endsWith('}') === true,
      };
  const query =
    call.target.includes('?') || call.method === 'GET' ? readQuery(call.target, call.startedMs) : null;
  const data: ApiCall = {
    integrationId: caller?.integrationId ?? 'unknown',
    ...(caller?.integrationKind && { integrationKind: caller.integrationKind }),
    organizationId: agreementOf(caller, path),
    method: call.method as ApiCall['method'],
    route: route.route.slice(0, 300),
    operation: operationOf(call.method, route, around.operations),
    status: call.status,
    durationMs: Math.max(0, Math.round(call.durationMs)),
    requestBytes: call.requestBytes,
    responseBytes: call.responseBytes,
    query: call.method === 'GET' ? (query?.flags ?? null) : null,
    queryHash: query && query.normalised !== '' ? around.hash('query', query.normalised, 16) : null,
    resourceHash:
      route.identifiers.length === 0 ? null : around.hash('resource', route.identifiers.join('/'), 16),
    retryAfterSec: call.retryAfterSec,
    authScheme: caller?.authScheme ?? call.authScheme,
    enforced: call.enforced,
    ipHash: call.address === null ? null : around.hash('ip', call.address, 32),
    userAgent: call.userAgent === null ? null : around.agentOf(call.userAgent),
    ...(caller?.scopes && { scopes: caller.scopes.slice(0, 50).map((scope) => scope.slice(0, 100)) }),
    ...(caller?.tokenId !== undefined && { tokenRef: around.hash('token', caller.tokenId, 32) }),
    ...details,
  };
  const time = new Date(call.startedMs).toISOString();
  return { specversion: '1.0', type: apiCall.type, source: around.source, id: around.id, time, data };
}

/** What the caller said, else the parameter `organizationId` of the route, else (no route is known) where it stands by custom. */
export function agreementOf(caller: Caller | null, path: Path): string | null {
  if (caller?.organizationId !== undefined) return caller.organizationId;
  const index = path.matched ? path.matched.parameters.get(AGREEMENT) : agreementIndexByCustom(path.segments);
  return path.segments[index ?? -1] ?? null;
}

/** The scheme of an `Authorization` header; one that is no scheme of the contract is `none`. */
export function authSchemeOf(authorization: string | undefined): NonNullable<ApiCall['authScheme']> {
  const scheme = /^(bearer|basic|apikey) /i.exec(authorization ?? '')?.[1]?.toLowerCase();
  return scheme === 'bearer' || scheme === 'basic' || scheme === 'apikey' ? scheme : 'none';
}
