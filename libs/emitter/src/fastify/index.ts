/** `@taxameter/emitter/fastify`: what an API on Fastify installs. */

export * from '../hooks.js';
export { enforcing, fastifyEmitter } from './plugin.service.js';
export type { FastifyEmitterOptions } from './plugin.service.js';
