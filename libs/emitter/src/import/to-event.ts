import { apiCall } from '@taxameter/contracts';
import type { ApiCall, ApiCallEvent } from '@taxameter/contracts';
import { publicAgent } from '../calls/public-agent.js';
import type { LoggedCall, LogFormat } from '../formats/logged-call.js';
import { operationOf } from '../routes/operation.js';
import type { Operations } from '../routes/operation.js';
import { readQuery } from '../routes/query-flags.js';
import { readPath, routeOf } from '../routes/route-template.js';
import type { Path, RoutePattern } from '../routes/route-template.js';
import type { KeyedHash, SelectParty } from './select-party.js';

/**
 * Turns a logged call into an event of the contract: keys in clear, everything that names a person or a
 * thing hashed.
 */

export interface Translation {
  readonly source: string;
  readonly format: Pick<LogFormat, 'agreementName' | 'agreementSegment'>;
  readonly integration: SelectParty;
  readonly agreement: SelectParty;
  readonly patterns: readonly RoutePattern[];
  readonly operations: Operations;
  readonly hash: KeyedHash;
  /** Added to the logged time. */
  readonly shiftMs: number;
}

/**
 * @returns an event that may still break the schema (an integration of 200 characters): the caller
 * validates
 */
export function toEvent(call: LoggedCall, id: string, translation: Translation): ApiCallEvent {
  const { hash, format } = translation;
  const path = readPath(call.target, translation.patterns);
  const agreement = translation.agreement(call, path);
  const route = routeOf(path, {
    name: format.agreementName,
    index:
      agreement?.segment ??
      segmentEqualTo(agreement?.id, path) ??
      format.agreementSegment?.(path.segments) ??
      null,
  });
  const query = readQuery(call.target, call.timeMs);
  const data: ApiCall = {
    integrationId: translation.integration(call, path)?.id ?? 'unknown',
    organizationId: agreement?.id ?? null,
    method: call.method as ApiCall['method'],
    route: route.route,
    operation: operationOf(call.method, route, translation.operations),
    status: call.status,
    durationMs: call.durationMs,
    requestBytes: call.requestBytes,
    responseBytes: call.responseBytes,
    query: call.method === 'GET' ? query.flags : null,
    queryHash: query.normalised === '' ? null : hash('query', query.normalised, 16),
    resourceHash: route.identifiers.length === 0 ? null : hash('resource', route.identifiers.join('/'), 16),
    ipHash: call.ip === null ? null : hash('ip', call.ip, 32),
    userAgent: call.userAgent === null ? null : publicAgent(call.userAgent),
  };
  const time = new Date(call.timeMs + translation.shiftMs).toISOString();
  return { specversion: '1.0', type: apiCall.type, source: translation.source, id, time, data };
}

/** Only the first: in `/v1/5/contacts/5` the second 5 is a contact. */
function segmentEqualTo(id: string | undefined, path: Path): number | null {
  const index = id === undefined ? -1 : path.segments.indexOf(id);
  return index < 0 ? null : index;
}
