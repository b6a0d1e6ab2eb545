import { registerBillingCommands } from '@taxameter/billing';
import { registerImportCommand } from '@taxameter/emitter';
import { registerBackTestCommand, registerPolicyCommands } from '@taxameter/fair-use';
import { registerPartnersCommands, registerSeedCommand } from '@taxameter/partners';
import { kafkaSettingsOf, readConfiguration } from '@taxameter/platform';
import { ALL_ROOMS, startFailure } from '@taxameter/server';
import { Command, CommanderError } from 'commander';
import { registerAccessCommands } from './access.command.js';
import { registerApiDocumentsCommand } from './api-documents.command.js';
import { registerAuditCommand } from './audit.command.js';
import type { CommandContext } from './command-context.js';
import { registerConsumersCommands } from './consumers.command.js';
import { registerDemoCommand } from './demo/demo.command.js';
import { demoFolderOf, readLocalAccess } from './local-access.service.js';
import { registerQuarantineCommands } from './quarantine.command.js';
import { registerStartCommand } from './start.command.js';
import { registerTopicsCommands } from './topics.command.js';

/** `taxameter`: the one command line. Exit 0 done, 1 something found or failed, 2 wrong use. */

const WRONG_USE = 2;

async function main(): Promise<void> {
  const configuration = readConfiguration();
  // A demo beside the real system has a folder of its own; the real one comes first.
  const local =
    readLocalAccess(configuration.DATA_DIR) ?? readLocalAccess(demoFolderOf(configuration.DATA_DIR));
  const context: CommandContext = {
    defaultUrl: configuration.TAXAMETER_URL ?? local?.url ?? 'http://127.0.0.1:3000',
    // The token of this machine's Taxameter is for its own address only.
    defaultToken:
      configuration.TAXAMETER_TOKEN ?? (configuration.TAXAMETER_URL === undefined ? local?.token : undefined),
    databaseUrl: configuration.DATABASE_URL,
    stdout: process.stdout,
    stderr: process.stderr,
    isTerminal: process.stderr.isTTY === true,
    exit: (code) => {
      process.exitCode = code;
    },
  };
  const program = new Command('taxameter')
    .description('Counts what each partner integration of an API uses, judges fair use, and invoices SMS.')
    .exitOverride();
  registerStartCommand(program, context);
  registerDemoCommand(program, context);
  registerImportCommand(program, context);
  registerSeedCommand(program, context);
  registerPartnersCommands(program, context);
  registerBillingCommands(program, context);
  registerPolicyCommands(program, context);
  registerBackTestCommand(program, context);
  registerAccessCommands(program, context);
  registerQuarantineCommands(program, context);
  registerConsumersCommands(program, context);
  registerApiDocumentsCommand(program, context);
  registerTopicsCommands(program, context, kafkaSettingsOf(configuration));
  registerAuditCommand(program, context, { rooms: ALL_ROOMS, configuration });
  await program.parseAsync();
}

try {
  await main();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : WRONG_USE;
  } else {
    process.stderr.write(`${startFailure(error)}\n`);
    process.exitCode = 1;
  }
}
