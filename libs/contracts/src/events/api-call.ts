import { z } from 'zod';
import { defineEvent } from '../cloud-event.js';
import { count, hash, identifier, text } from '../text.js';

/** One call of the public API, emitted by the gateway when it has answered. `time` is when the request started. */
export const apiCall = defineEvent({
  type: 'dk.dinero.usage.api_call.v1',
  title: 'API call',
  description:
    'One call of the public API. No query strings, bodies, names, tokens or addresses in clear: templates, flags and hashes.',
  data: z.object({
    integrationId: identifier(100).describe('client id of the integration; `unknown` when unauthenticated'),
    integrationKind: z.enum(['public', 'personal', 'unknown']).optional(),
    organizationId: identifier(64).nullable().describe('the agreement (aftale); null when the call has none'),
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']),
    route: text(300).describe('route template, never the raw path: /v1/{organizationId}/contacts'),
    operation: z.enum(['list', 'item', 'write', 'action', 'file', 'auth', 'other']),
    status: z
      .union([z.literal(0), z.int().min(100).max(599)])
      .describe('HTTP status; 0 when the client aborted'),
    durationMs: count.describe('server time in ms'),
    requestBytes: count.nullable().optional(),
    responseBytes: count.nullable().optional(),
    itemCount: count.nullable().optional(),
    query: z
      .object({
        hasChangesSince: z.boolean().optional(),
        changesSinceAgeSec: z.int().nullable().optional(),
        hasDateRange: z.boolean().optional(),
        hasQueryFilter: z.boolean().optional(),
        page: count.nullable().optional(),
        pageSize: count.nullable().optional(),
        fieldsCount: count.nullable().optional(),
      })
      .nullable()
      .optional(),
    queryHash: hash(16).nullable().optional(),
    responseHash: hash(16).nullable().optional(),
    resourceHash: hash(16).nullable().optional(),
    retryAfterSec: count.nullable().optional(),
    errorCode: z.int().nullable().optional(),
    errorReason: text(100).nullable().optional(),
    scopes: z.array(text(100)).max(50).optional(),
    tokenRef: text(128).nullable().optional(),
    authScheme: z.enum(['bearer', 'apikey', 'basic', 'none']).optional(),
    enforced: z.enum(['none', 'throttle', 'block']).optional(),
    ipHash: text(128).nullable().optional(),
    userAgent: text(200, 0).nullable().optional(),
  }),
});

export type ApiCallEvent = z.input<typeof apiCall.schema>;
export type ApiCall = ApiCallEvent['data'];

/** Record key and partition key: rules are per integration × agreement, so these calls stay in order on one partition. */
export function apiCallKey(data: Pick<ApiCall, 'integrationId' | 'organizationId'>): string {
  return `${data.integrationId}|${data.organizationId ?? ''}`;
}
