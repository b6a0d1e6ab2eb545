export { meteringMigrations } from './metering.migration.js';
export { MeteringModule } from './metering.module.js';
