import {
  applyDecorators,
  createParamDecorator,
  RequestMapping,
  RequestMethod,
  SetMetadata,
  HttpCode,
  type ExecutionContext,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Actor } from '../database/actor.js';
import { invalidInput, type FieldError, Problem } from './problem.js';
import type { RouteDefinition } from './route.js';
import { unstorableFields } from './unstorable.js';

export const ROUTE = 'taxameter:route';

const METHODS = {
  GET: RequestMethod.GET,
  POST: RequestMethod.POST,
  PUT: RequestMethod.PUT,
  DELETE: RequestMethod.DELETE,
};

/** Makes a method the handler of a route. The first response code of the definition is the one of success. */
export function Route(definition: RouteDefinition): MethodDecorator {
  const success = Number(Object.keys(definition.responses)[0] ?? 200);
  return applyDecorators(
    RequestMapping({ method: METHODS[definition.method], path: definition.path }),
    HttpCode(success),
    SetMetadata(ROUTE, definition),
  );
}

/** What a handler is given: the checked input and who asks. */
export interface Call<Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly actor: Actor;
  readonly idempotencyKey: string | null;
  /** `POST /v1/billing/runs`: names the command an idempotency key belongs to. */
  readonly route: string;
  readonly request: FastifyRequest;
}

export type CallOf<Definition> =
  Definition extends RouteDefinition<infer Params, infer Query, infer Body>
    ? Call<z.output<Params>, z.output<Query>, z.output<Body>>
    : never;

export type RequestWithActor = FastifyRequest & { actor?: Actor };

/** The argument of a `@Route` handler. @throws Problem 400 naming each field that breaks its schema */
export const Input = createParamDecorator((_: unknown, context: ExecutionContext): Call => {
  const request = context.switchToHttp().getRequest<RequestWithActor>();
  const definition = Reflect.getMetadata(ROUTE, context.getHandler()) as RouteDefinition;
  const errors: FieldError[] = [];
  const check = (place: string, schema: z.ZodType | undefined, value: unknown) => {
    if (!schema) return {};
    const result = schema.safeParse(value);
    if (result.success) {
      errors.push(...unstorableFields(result.data, place === '' ? [] : [place]));
      return result.data;
    }
    for (const issue of result.error.issues) {
      errors.push({
        field: [place, ...issue.path].filter((part) => part !== '').join('.'),
        reason: issue.message,
      });
    }
    return {};
  };
  const params = check('', definition.params, request.params);
  const query = check('query', definition.query, request.query);
  const body = definition.rawBody ? request.body : check('', definition.body, request.body);
  if (errors.length > 0) throw invalidInput(errors);
  return {
    params,
    query,
    body,
    actor: request.actor ?? { id: 'anonymous', role: 'partner', partnerId: null },
    idempotencyKey: idempotencyKeyOf(request),
    route: `${definition.method} ${definition.path}`,
    request,
  };
});

function idempotencyKeyOf(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key !== 'string' || !/^[!-~]{1,255}$/.test(key)) {
    throw new Problem(
      400,
      'invalid-idempotency-key',
      'Idempotency-Key must be 1 to 255 printable ASCII characters',
    );
  }
  return key;
}
