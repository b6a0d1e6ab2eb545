import {
  auditRooms,
  AuditRefused,
  EventLogError,
  type AuditWanted,
  type Configuration,
  type Room,
} from '@taxameter/platform';
import { startFailure } from '@taxameter/server';
import { InvalidArgumentError, type Command } from 'commander';
import type { CommandContext } from './command-context.js';
import { describeAudit } from './describe-audit.js';
import { inJson } from './in-json.js';

/** `taxameter audit`: recounts from the log, and names every place where the database says something else. */

const WRONG_USE = 2;
const PROGRESS_EVERY_MS = 200;
const HELP = `
It only reads, also beside a system that runs, with the settings of that system: DATABASE_URL or DATA_DIR, KAFKA_BROKERS, TOPIC_PREFIX.
Memory: some 16 to 43 bytes for each different event of a topic, at most 25,165,824 of them (768 MB for a moment).
Examples:
  npm run audit
  npm run audit -- --room metering --topic usage.api-calls.v1 --json
  npm run audit -- --topic usage.sms-sent.v1 --partition 2 --from 1200 --to 1900
Exit code: 0 no difference, 1 a difference or the audit failed, 2 wrong use.`;

interface Flags extends AuditWanted {
  readonly json?: true;
}

export function registerAuditCommand(
  program: Command,
  context: CommandContext,
  { rooms, configuration }: { rooms: readonly Room[]; configuration: Configuration },
): void {
  program
    .command('audit')
    .summary('recounts from the log and compares; exits 1 at any difference')
    .description(
      'Reads the log again and holds against it what each room accounted for: the rows of the accounting, the identities that ' +
        'are kept, and the counters.',
    )
    .option('--room <name>', 'one room only')
    .option('--topic <name>', 'one topic only')
    .option('--partition <number>', 'one partition of --topic only', wholeNumber)
    .option('--from <offset>', 'ranges of --partition that reach beyond this offset', wholeNumber)
    .option('--to <offset>', 'ranges of --partition that begin below this offset', wholeNumber)
    .option('--json', 'for machines: { differences, differenceCount, notes, checked }')
    .addHelpText('after', HELP)
    .action(async ({ json, ...wanted }: Flags) => {
      const progress = progressOn(context);
      try {
        const report = await auditRooms(rooms, configuration, wanted, progress.show);
        progress.clear();
        context.stdout.write(`${json ? inJson(report) : describeAudit(report).join('\n')}\n`);
        context.exit(report.differenceCount === 0 ? 0 : 1);
      } catch (error) {
        progress.clear();
        const isKnown = error instanceof AuditRefused || error instanceof EventLogError;
        context.stderr.write(`${isKnown ? error.message : startFailure(error)}\n`);
        context.exit(error instanceof AuditRefused ? WRONG_USE : 1);
      }
    });
}

/** One line that is written over, on a terminal; nothing elsewhere. */
function progressOn({ stderr, isTerminal }: CommandContext) {
  let shownMs = -Infinity;
  const show = (at: { room: string; topic: string; partition: number; offset: number; end: number }) => {
    if (!isTerminal || performance.now() - shownMs < PROGRESS_EVERY_MS) return;
    shownMs = performance.now();
    stderr.write(`\r\u001B[K${at.room}  ${at.topic} ${at.partition}  ${at.offset} of ${at.end}`);
  };
  return { show, clear: () => void (isTerminal && stderr.write('\r\u001B[K')) };
}

function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('must be a whole number from 0.');
}
