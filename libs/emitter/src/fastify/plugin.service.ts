import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { templateOf } from '../calls/framework-route.js';
import { remembered } from '../calls/remembered.js';
import { FREE } from '../restrictions/gate.service.js';
import { enforce, isIgnored, observe } from '../calls/observe.service.js';
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
    if (!isIgnored(options, request)) observeFastify(options, request, reply);
    next();
  });
  const judge = enforcing(options);
  if (options.enforceIn === 'preParsing') {
    app.addHook('preParsing', (request, reply, _payload, next) => judge(request, reply, next));
  } else if (options.enforceIn !== 'none') {
    app.addHook('preHandler', judge);
  }
  done();
}

/** A hook that honours restrictions, to be put where the caller is known. */
export function enforcing(
  options: HookSettings<FastifyRequest>,
): (request: FastifyRequest, reply: FastifyReply, next: () => void) => void {
  return (request, reply, next) => {
    if (isIgnored(options, request)) return next();
    const call = { request, raw: request.raw, response: reply.raw };
    const { headers, refusal } = enforce(
      options,
      call,
      () => fastifyPathOf(request),
      () => fastifyRouteOf(request),
    );
    if (headers !== FREE.headers) void reply.headers(headers);
    if (!refusal) return next();
    return void reply.code(refusal.status).send(JSON.stringify(refusal.body));
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

/** Only the agreement is looked for in it: Fastify knows the route. */
export function fastifyPathOf(request: FastifyRequest): string {
  return request.originalUrl;
}

const knownTemplateOf = remembered(5_000, templateOf);

export function fastifyRouteOf(request: FastifyRequest): string | null {
  const url = request.routeOptions?.url;
  return url === undefined ? null : knownTemplateOf(url);
}
