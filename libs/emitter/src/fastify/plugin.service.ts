import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { templateOf } from '../calls/framework-route.js';
import { enforce, observe } from '../calls/observe.service.js';
import type { HookSettings } from '../calls/observe.service.js';

/** The hooks of Fastify 5. */

export interface FastifyEmitterOptions extends HookSettings<FastifyRequest> {
  /**
   * The hook in which restrictions are honoured. `preHandler`, the default, is after every authentication but one that is a
   * `preHandler` itself: then say `none` and put `enforcing(options)` behind it. `preParsing` does not read the body of a call
   * that is refused; it is for authentication in `onRequest`.
   */
  readonly enforceIn?: 'preParsing' | 'preHandler' | 'none';
}

/**
 * `app.register(fastifyEmitter, { emitter, identify })`, before the plugin that authenticates, so that what that refuses is an
 * event as well. It is for all routes of `app`.
 */
export function fastifyEmitter(app: FastifyInstance, options: FastifyEmitterOptions, done: () => void): void {
  app.addHook('onRequest', (request, reply, next) => {
    if (options.ignore?.(request) !== true) observeFastify(options, request, reply);
    next();
  });
  const judge = enforcing(options);
  if (options.enforceIn === 'preParsing') {
    app.addHook('preParsing', async (request, reply) => void (await judge(request, reply)));
  } else if (options.enforceIn !== 'none') {
    app.addHook('preHandler', judge);
  }
  done();
}

/** A hook that honours restrictions, to be put where the caller is known. */
export function enforcing(
  options: HookSettings<FastifyRequest>,
): (request: FastifyRequest, reply: FastifyReply) => Promise<unknown> {
  return async (request, reply) => {
    if (options.ignore?.(request) === true) return undefined;
    const call = { request, raw: request.raw, response: reply.raw };
    const { headers, refusal } = enforce(options, call, request.originalUrl, fastifyRouteOf(request));
    void reply.headers(headers);
    return refusal ? reply.code(refusal.status).send(JSON.stringify(refusal.body)) : undefined;
  };
}

// Fastify's own mark of a plugin whose hooks are for the instance that registers it, not for an instance of its own.
Object.assign(fastifyEmitter, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@taxameter/emitter',
});

/** Also for Nest on Fastify. */
export function observeFastify(
  settings: HookSettings<FastifyRequest>,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  observe(settings, {
    request,
    raw: request.raw,
    response: reply.raw,
    target: request.originalUrl,
    address: request.ip,
    routeOf: () => fastifyRouteOf(request),
    // Fastify hands its headers to the answer in one go: the answer itself does not know them.
    headerOf: (name) => reply.getHeader(name) ?? reply.raw.getHeader(name),
  });
}

export function fastifyRouteOf(request: FastifyRequest): string | null {
  const url = request.routeOptions?.url;
  return url === undefined ? null : templateOf(url);
}
