export { meteringAuditors } from './counters/auditors.js';
export { meteringMigrations } from './metering.migration.js';
export { MeteringModule } from './metering.module.js';
