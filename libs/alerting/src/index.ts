export { AlertingModule } from './alerting.module.js';
export { alertingMigrations } from './alerting.migration.js';
