/** `@taxameter/emitter/nest`: what an API on Nest installs. */

export * from '../hooks.js';
export { EmitterModule } from './emitter.module.js';
export type { NestEmitterOptions, NestRequest } from './emitter.module.js';
