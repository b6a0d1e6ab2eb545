/** `@taxameter/emitter/express`: what an API on Express installs. */

export * from '../hooks.js';
export { expressEmitter } from './middleware.service.js';
export type { ExpressEmitter } from './middleware.service.js';
