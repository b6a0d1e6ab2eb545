/** Fair use decides whether an integration's use of the API is fair: one Nest module, its migrations and its commands. */
export { fairUseMigrations } from './fair-use.migration.js';
export { FairUseModule } from './fair-use.module.js';
export { registerBackTestCommand } from './back-test/back-test.command.js';
export { registerPolicyCommands, type PolicyCommandContext } from './policy/policy.command.js';
