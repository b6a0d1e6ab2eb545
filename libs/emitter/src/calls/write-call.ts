import { apiCall } from '@taxameter/contracts';
import type { ApiCall } from '@taxameter/contracts';
import { agreementIn, segmentsOf } from './known.js';
import type { KnownQuery, KnownRoute } from './known.js';

/**
 * Writes a call as a framework saw it down as an event of the contract: keys in clear, what identifies hashed, values left behind.
 * It writes JSON, not an object: of the 10 µs that an event may cost, an object and `JSON.stringify` take four.
 */

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

/** What the emitter brings along: what it remembers, and its settings. */
export interface Surroundings {
  /** As JSON. */
  readonly source: string;
  /** HMAC-SHA256 with the key of the settings, as lower-case hex of `length` digits. */
  readonly hash: (purpose: string, value: string, length: number) => string;
  /** As JSON. */
  readonly agentOf: (userAgent: string) => string;
  /** null: no route took the call. */
  readonly routeOf: (template: string | null) => KnownRoute;
  readonly queryOf: (query: string) => KnownQuery;
  /** ISO 8601 of ms since 1970. */
  readonly timeOf: (ms: number) => string;
}

/**
 * @param id a UUID, or another text that JSON need not escape
 * @returns one line of JSON, or null for a method that the contract does not name
 */
export function writeCall(
  call: ObservedCall,
  caller: Caller | null,
  details: Details,
  id: string,
  around: Surroundings,
): string | null {
  const route = around.routeOf(call.route);
  const part = route.parts.get(call.method);
  if (part === undefined) return null;
  const question = call.target.indexOf('?');
  const segments = segmentsOf(question < 0 ? call.target : call.target.slice(0, question));
  const query = around.queryOf(question < 0 ? '' : call.target.slice(question));
  const organizationId = agreementOf(caller, route, segments);
  let data =
    `"integrationId":${JSON.stringify(caller?.integrationId ?? 'unknown')},` +
    `"organizationId":${JSON.stringify(organizationId)},${part},"status":${call.status},` +
    `"durationMs":${Math.max(0, Math.round(call.durationMs))},"requestBytes":${call.requestBytes},` +
    `"responseBytes":${call.responseBytes},"retryAfterSec":${call.retryAfterSec},` +
    `"authScheme":"${caller?.authScheme ?? call.authScheme}","enforced":"${call.enforced}"`;
  if (call.method === 'GET') data += `,"query":${flagsAt(query, call.startedMs)}`;
  if (query.hash !== null) data += `,"queryHash":"${query.hash}"`;
  if (route.identifiers.length > 0) {
    const identifiers = route.identifiers.map((index) => segments[index] ?? '').join('/');
    data += `,"resourceHash":"${around.hash('resource', identifiers, 16)}"`;
  }
  if (call.address !== null) data += `,"ipHash":"${around.hash('ip', call.address, 32)}"`;
  if (call.userAgent !== null) data += `,"userAgent":${around.agentOf(call.userAgent)}`;
  if (caller) data += moreOf(caller, around);
  for (const name in details) data += `,"${name}":${JSON.stringify(details[name as keyof Details] ?? null)}`;
  const time = around.timeOf(call.startedMs);
  return `{"specversion":"1.0","type":"${apiCall.type}","source":${around.source},"id":"${id}","time":"${time}","data":{${data}}}`;
}

/** What the caller said, else what stands in the path. */
export function agreementOf(
  caller: Caller | null,
  route: KnownRoute | null,
  segments: readonly string[],
): string | null {
  return caller?.organizationId === undefined ? agreementIn(route, segments) : caller.organizationId;
}

function moreOf({ integrationKind, scopes, tokenId }: Caller, around: Surroundings): string {
  let more = '';
  if (integrationKind !== undefined) more += `,"integrationKind":"${integrationKind}"`;
  if (scopes) more += `,"scopes":${JSON.stringify(scopes.slice(0, 50).map((scope) => scope.slice(0, 100)))}`;
  if (tokenId !== undefined) more += `,"tokenRef":"${around.hash('token', tokenId, 32)}"`;
  return more;
}

function flagsAt({ flags, changesSinceMs }: KnownQuery, nowMs: number): string {
  if (changesSinceMs === null) return flags;
  return `${flags.slice(0, -1)},"changesSinceAgeSec":${Math.round((nowMs - changesSinceMs) / 1000)}}`;
}

const SCHEMES = { bearer: 'bearer', basic: 'basic', apikey: 'apikey' } as const;

/** The scheme of an `Authorization` header; one that is no scheme of the contract is `none`. */
export function authSchemeOf(authorization: string | undefined): NonNullable<ApiCall['authScheme']> {
  if (authorization === undefined) return 'none';
  const scheme = authorization.slice(0, authorization.indexOf(' ')).toLowerCase();
  return Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme as keyof typeof SCHEMES] : 'none';
}
