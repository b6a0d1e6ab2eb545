import { readConfiguration, startRooms, type RunningRooms } from '@taxameter/platform';
import { ALL_ROOMS, startFailure, stopOnSignal } from '@taxameter/server';
import type { Command } from 'commander';
import type { CommandContext } from './command-context.js';
import { DEMO } from './demo/demo-inputs.service.js';
import { loadDemo } from './demo/load-demo.service.js';
import {
  demoFolderOf,
  removeLocalAccess,
  writeLocalAccess,
  type LocalAccess,
} from './local-access.service.js';

/** The standalone system, staying up. */

export function registerStartCommand(program: Command, context: CommandContext): void {
  program
    .command('start')
    .summary('starts the whole system in one process and stays up')
    .description(
      'Starts every room in one process, on an embedded PostgreSQL unless DATABASE_URL is set, and prints the address of the ' +
        'page. Ctrl-C stops it. Settings come from the environment: PORT, HOST, DATA_DIR, DATABASE_URL, LOG_LEVEL.',
    )
    .option(
      '--demo',
      'load the demo: a real API log and a quarter of SMS; its clock stands at 5 October 2026',
    )
    .action(async (flags: { demo?: true }) => {
      try {
        await start(flags.demo === true, context);
      } catch (error) {
        context.stderr.write(`${startFailure(error)}\n`);
        context.exit(1);
      }
    });
}

async function start(isDemo: boolean, context: CommandContext): Promise<void> {
  const folder = readConfiguration().DATA_DIR;
  const configuration = readConfiguration({
    ...(isDemo
      ? {
          FIXED_CLOCK: DEMO.clock,
          // Never the real database: what the demo books can never be deleted again.
          DATABASE_URL: '',
          DATA_DIR: demoFolderOf(folder),
          SELLER_FILE: DEMO.seller,
        }
      : {}),
    LOG_LEVEL: readConfiguration().LOG_LEVEL === 'info' ? 'warn' : readConfiguration().LOG_LEVEL,
  });
  const say = (line: string) => context.stderr.write(`${line}\n`);
  const running = await startRooms(ALL_ROOMS, configuration, { onProgress: say });
  const local = await openLocalAccess(running, configuration.DATA_DIR);
  stopOnSignal(running, () => {
    say('stopping: consumers drain, then the database is closed');
    removeLocalAccess(configuration.DATA_DIR);
  });
  if (isDemo) {
    await loadDemo(local, say).catch(async (error: unknown) => {
      await running.stop();
      throw error;
    });
  }
  const link = `${running.address}/#setup=${await running.tokens.createSetupLink()}`;
  context.stdout.write(
    [
      '',
      'Taxameter runs. Open this link once, within 15 minutes, to sign in:',
      `  ${link}`,
      '',
      'From another terminal:',
      '  npm run import -- --help               bring an access log',
      '  npm run taxameter -- link              a new link to sign in',
      '  npm run taxameter -- token --help      tokens for an API platform, ops, finance or a partner',
      'Ctrl-C stops it.',
      '',
    ].join('\n'),
  );
}

/** A token for the commands on this machine, good for 30 days; those of earlier runs are revoked. */
async function openLocalAccess(running: RunningRooms, folder: string): Promise<LocalAccess> {
  const name = 'commands on this machine';
  for (const token of await running.tokens.list()) {
    if (token.name === name && token.revokedAt === null) {
      await running.tokens.revoke(token.id, { partnerId: null, withMade: false });
    }
  }
  const expiresAt = new Date(running.clock.now().getTime() + 30 * 86_400_000);
  const { secret } = await running.tokens.issue({ role: 'admin', name, expiresAt });
  const access = { url: running.address, token: secret };
  writeLocalAccess(folder, access);
  return access;
}
