import type { z } from 'zod';
import type { Role } from '../database/actor.js';

/**
 * A route as one value: path, who may call it, what goes in and what comes out. From it come the Nest route, the check of
 * role and input, and the OpenAPI document, so none of them can be forgotten.
 */
export interface RouteDefinition<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `/v1/invoices/:number` */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  /** Roles that may call it; `public` is everybody. `admin` may call every route. */
  readonly roles: readonly Role[] | 'public';
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  /** Set where the body is not `application/json` checked by `body`: the handler reads the raw request. */
  readonly rawBody?: { readonly contentTypes: readonly string[]; readonly maxBytes: number };
  readonly responses: Readonly<Record<number, RouteResponse>>;
  /** A command: takes `Idempotency-Key`. */
  readonly command?: boolean;
  /** The signed webhooks that are sent to the `url` of the body from then on, by what they are about. */
  readonly webhooks?: Readonly<Record<string, RouteWebhook>>;
}

export interface RouteWebhook {
  readonly description: string;
  readonly schema: z.ZodType;
}

export interface RouteResponse {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly contentType?: string;
  /** Content types in which the same is given as text. */
  readonly alsoAs?: readonly string[];
}

/** Keeps the exact types of the schemas. */
export function defineRoute<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  definition: RouteDefinition<Params, Query, Body>,
): RouteDefinition<Params, Query, Body> {
  return definition;
}
