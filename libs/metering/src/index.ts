export { meteringAuditors } from './counters/auditors.js';
export { meteringPartitions } from './counters/usage-months.service.js';
export { meteringMigrations } from './metering.migration.js';
export { MeteringModule } from './metering.module.js';
