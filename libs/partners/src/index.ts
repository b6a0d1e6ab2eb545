/** The public door of the room partners: its module, its migrations, its commands. */

export { PartnersModule } from './partners.module.js';
export { partnersMigrations } from './partners.migration.js';
export { registerPartnersCommands } from './partner-import/partners.command.js';
export { applySeed, SeedFailed, type SeedProgress, type SeedReport } from './seed/apply-seed.service.js';
export { registerSeedCommand, type SeedCommandContext } from './seed/seed.command.js';
export { parseSeed, SeedRefused, type Seed } from './seed/seed-file.js';
