import { parseArgs, type ParseArgsConfig } from 'node:util';

/** How the commands of this folder are called: exit code 0 after --help, 2 and a sentence for wrong use. */

const WRONG_USE = 2;

export class CommandLine {
  constructor(private readonly help: string) {}

  /** Says what is wrong and how it is right, and ends the process. */
  refuse(sentence: string): never {
    process.stderr.write(`${sentence}\n\n${this.help}`);
    process.exit(WRONG_USE);
  }

  /** What was given; ends the process when help was asked for or an option is none. */
  read<Config extends ParseArgsConfig>(config: Config): ReturnType<typeof parseArgs<Config>> {
    try {
      const parsed = parseArgs(config);
      if (!(parsed.values as { help?: boolean }).help) return parsed;
    } catch (error) {
      this.refuse((error as Error).message);
    }
    process.stdout.write(this.help);
    process.exit(0);
  }

  /** The whole number that an option says. */
  wholeNumber(option: string, text: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    const bounds = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`;
    this.refuse(`--${option} must be a whole number ${bounds}`);
  }

  /** Where a Taxameter listens, how to get in, and the file of what was sent. */
  target({ url, file }: { url?: string | undefined; file?: string | undefined }) {
    const token = process.env['TAXAMETER_TOKEN'];
    if (!url || !file) this.refuse('--url and --file are needed');
    if (!token) this.refuse('TAXAMETER_TOKEN is not set: npm run taxameter -- token --help makes one');
    return { url: url.replace(/\/$/, ''), file, token };
  }
}
