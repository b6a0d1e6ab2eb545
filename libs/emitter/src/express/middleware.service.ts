import type { Request, RequestHandler, Response } from 'express';
import { routeOfExpress } from '../calls/framework-route.js';
import { enforce, isIgnored, observe } from '../calls/observe.service.js';
import type { HookSettings } from '../calls/observe.service.js';

/** The middleware of Express 5. */

export interface ExpressEmitter {
  /** Before all else, so that what authentication refuses is an event as well. */
  readonly observe: RequestHandler;
  /** After authentication. */
  readonly enforce: RequestHandler;
}

/** Two middlewares: `app.use(emitting.observe)`, then your authentication, then `app.use(emitting.enforce)`. */
export function expressEmitter(settings: HookSettings<Request>): ExpressEmitter {
  return {
    observe: (request, response, next) => {
      if (!isIgnored(settings, request)) observeExpress(settings, request, response);
      next();
    },
    enforce: (request, response, next) => {
      if (isIgnored(settings, request)) return next();
      // Express looks for the route only when all middlewares have passed: restrictions of a route are held against the path.
      const call = { request, raw: request, response };
      const { headers, refusal } = enforce(
        settings,
        call,
        () => expressPathOf(request),
        () => null,
      );
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      if (!refusal) return next();
      response.statusCode = refusal.status;
      response.end(JSON.stringify(refusal.body));
    },
  };
}

/** Also for Nest on Express. */
export function observeExpress(settings: HookSettings<Request>, request: Request, response: Response): void {
  observe(settings, {
    request,
    raw: request,
    response,
    target: request.originalUrl,
    address: request.ip ?? null,
    headerOf: (name) => response.getHeader(name),
    routeOf: (caller) => expressRouteOf(request, caller?.organizationId ?? null),
  });
}

/**
 * The path that Express holds its routes against. Its own reading, for a target may be a whole address
 * (`GET http://host/v1/1/sms`) or have a fragment, and is on the same route.
 */
export function expressPathOf(request: Request): string {
  return request.baseUrl + request.path;
}

/** null while no route has been found. Of a list of paths the first counts; a regular expression is no template. */
export function expressRouteOf(request: Request, organizationId: string | null): string | null {
  const { path } = (request.route as { path?: unknown } | undefined) ?? {};
  const part: unknown = Array.isArray(path) ? path[0] : path;
  if (part === undefined) return null;
  const target = request.originalUrl.split('?', 1)[0]!;
  return routeOfExpress(target, typeof part === 'string' ? part : '', organizationId);
}
