import { mkdirSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { createLogger, discardEmbeddedPostgres, readConfiguration, startRooms } from '@taxameter/platform';
import { ALL_ROOMS, startFailure, stopOnSignal } from '@taxameter/server';
import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { inJson } from '../in-json.js';
import { DEMO } from './demo-inputs.service.js';
import { describeSummary } from './describe-summary.js';
import type { Progress } from './load-demo.service.js';
import { mainJob } from './main-job.service.js';
import type { Summary } from './summary.js';
import { startWebhookReceiver } from './webhook-receiver.service.js';

/** The main job on the committed real input, from an empty database to the invoices of a quarter. */

export function registerDemoCommand(program: Command, context: CommandContext): void {
  program
    .command('demo')
    .summary('runs the main job on real input and leaves invoices, statements and a summary')
    .description(
      'Starts Taxameter on an empty embedded PostgreSQL, imports a real API log and a quarter of SMS, finds the breach, ' +
        'runs the quarter, and leaves invoices, statements and summary.json. Every run gives the same numbers.',
    )
    .option('--folder <path>', 'where the results go; its database is made anew each time', 'out/demo')
    .option('--json', 'print summary.json instead of the table')
    .action(async (flags: { folder: string; json?: true }) => {
      context.exit(await runDemo(resolve(flags.folder), flags.json === true, context));
    });
}

async function runDemo(folder: string, isJson: boolean, context: CommandContext): Promise<number> {
  const startedMs = performance.now();
  const progress: Progress = (line) => {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(5);
    context.stderr.write(`${seconds} s  ${line}\n`);
  };
  try {
    const { summary, alertsArrived } = await produce(folder, progress);
    if (isJson) context.stdout.write(`${inJson(summary)}\n`);
    else
      context.stdout.write(
        `\n${describeSummary(summary, alertsArrived, relative(process.cwd(), folder) || '.').join('\n')}\n`,
      );
    return alertsArrived ? 0 : 1;
  } catch (error) {
    context.stderr.write(`the demo failed: ${startFailure(error)}\n`);
    return 1;
  }
}

async function produce(
  folder: string,
  progress: Progress,
): Promise<{ summary: Summary; alertsArrived: boolean }> {
  // Each run begins with nothing: whatever an earlier one left, finished or killed, is thrown away first.
  const databaseFolder = join(folder, 'postgres');
  rmSync(join(folder, 'summary.json'), { force: true });
  await discardEmbeddedPostgres(databaseFolder);
  rmSync(join(folder, 'invoices'), { recursive: true, force: true });
  mkdirSync(join(folder, 'invoices'), { recursive: true });

  const receiver = await startWebhookReceiver(() => Date.parse(DEMO.clock) / 1000);
  const configuration = readConfiguration({
    DATABASE_URL: '',
    DATA_DIR: databaseFolder,
    HOST: '127.0.0.1',
    PORT: '0',
    FIXED_CLOCK: DEMO.clock,
    LOG_LEVEL: 'warn',
    WEBHOOK_ALLOWED_HOSTS: '127.0.0.1',
    ALLOWED_SMS_COUNTRIES: 'DK',
    GRACE_HOURS: '72',
    SELLER_FILE: DEMO.seller,
  });
  try {
    const running = await startRooms(ALL_ROOMS, configuration, {
      onProgress: progress,
      logger: createLogger('warn'),
    });
    stopOnSignal(running);
    try {
      const { secret } = await running.tokens.issue({ role: 'admin', name: 'demo' });
      return await mainJob({ url: running.address, token: secret }, receiver, folder, progress);
    } finally {
      await running.stop();
    }
  } finally {
    await receiver.close();
  }
}
