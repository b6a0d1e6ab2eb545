/** The web console: one Nest module. */
export { ConsoleModule } from './console.module.js';
