/** The HTTP door: one Nest module. */
export { IngestModule } from './ingest.module.js';
