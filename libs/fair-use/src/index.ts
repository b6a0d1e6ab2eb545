/** Fair use decides whether an integration's use of the API is fair: one Nest module and its migrations. */
export { fairUseMigrations } from './fair-use.migration.js';
export { FairUseModule } from './fair-use.module.js';
