import {
  checkTopics,
  createTopics,
  EventLogError,
  type TopicDifference,
  type TopicsOnKafka,
} from '@taxameter/platform';
import { startFailure } from '@taxameter/server';
import { InvalidArgumentError, type Command } from 'commander';
import type { CommandContext } from './command-context.js';
import { inJson } from './in-json.js';

/** `taxameter topics`: makes the topics on Kafka, and says in what those that are there differ. */

const WRONG_USE = 2;
const HELP = `
The topics, their partitions, keys, retention and compression are data in libs/contracts/src/topics.ts.
Examples:
  npm run taxameter -- topics create --brokers kafka-1:9092,kafka-2:9092,kafka-3:9092
  npm run taxameter -- topics check --json
Exit code: 0 all is as agreed, 1 something differs or Kafka cannot be asked, 2 wrong use.`;

interface Flags {
  readonly brokers?: readonly string[];
  readonly prefix?: string;
  readonly json?: true;
}

interface CreateFlags extends Flags {
  readonly replicationFactor?: number;
  readonly producerTimestamps?: true;
}

interface Outcome {
  readonly made: readonly string[];
  readonly differences: readonly TopicDifference[];
}

/** `defaults` is what the KAFKA_ variables and TOPIC_PREFIX say, where no option says otherwise. */
export function registerTopicsCommands(
  program: Command,
  context: CommandContext,
  defaults: TopicsOnKafka,
): void {
  const topics = program.command('topics').summary('the topics on Kafka: make them, check them');
  topics.addHelpText('after', HELP);

  const run = async (flags: Flags, work: (where: TopicsOnKafka) => Promise<Outcome>) => {
    const brokers = flags.brokers ?? defaults.brokers;
    if (brokers.length === 0) {
      context.stderr.write('no Kafka is named: say --brokers host:port, or set KAFKA_BROKERS\n');
      return context.exit(WRONG_USE);
    }
    try {
      const outcome = await work({ ...defaults, brokers, prefix: flags.prefix ?? defaults.prefix });
      context.stdout.write(flags.json ? `${inJson(outcome)}\n` : inWords(outcome));
      context.exit(outcome.differences.length === 0 ? 0 : 1);
    } catch (error) {
      context.stderr.write(`${error instanceof EventLogError ? error.message : startFailure(error)}\n`);
      context.exit(1);
    }
  };

  describe(topics.command('create'), 'makes the topics that are missing; never changes one that is there')
    .option(
      '--replication-factor <copies>',
      'copies of each partition (default: one a broker, at most 3)',
      wholeNumber,
    )
    .option(
      '--producer-timestamps',
      'for a system whose clock stands still (demo): a record is as old as its producer says',
    )
    .action((flags: CreateFlags) =>
      run(flags, (where) =>
        createTopics({
          ...where,
          ...(flags.replicationFactor !== undefined && { replicationFactor: flags.replicationFactor }),
          ...(flags.producerTimestamps && { settings: { 'message.timestamp.type': 'CreateTime' } }),
        }),
      ),
    );
  describe(topics.command('check'), 'says in what the topics differ from what is agreed').action(
    (flags: Flags) => run(flags, async (where) => ({ made: [], differences: await checkTopics(where) })),
  );
}

function describe(command: Command, summary: string): Command {
  return command
    .summary(summary)
    .description(summary)
    .option('--brokers <host:port,…>', 'Kafka, instead of KAFKA_BROKERS', brokerList)
    .option('--prefix <prefix>', 'stands before the name of every topic, instead of TOPIC_PREFIX')
    .option('--json', 'for machines: { made, differences }');
}

function inWords({ made, differences }: Outcome): string {
  const lines = [...made.map((name) => `made ${name}`), ...differences.map(({ sentence }) => sentence)];
  if (differences.length === 0) lines.push('the topics are as agreed');
  return `${lines.join('\n')}\n`;
}

function brokerList(value: string): string[] {
  const brokers = value.split(',').map((part) => part.trim());
  if (brokers.every((broker) => /^[^\s:]+:\d{1,5}$/.test(broker) || /^\[[^\]]+\]:\d{1,5}$/.test(broker)))
    return brokers;
  throw new InvalidArgumentError('must be host:port, by comma.');
}

function wholeNumber(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= 32_767) return number;
  throw new InvalidArgumentError('must be a whole number from 1.');
}
