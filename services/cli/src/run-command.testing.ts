import { Command, CommanderError } from 'commander';
import type { CommandContext } from './command-context.js';

/** Runs commands as `main.ts` does, and keeps what they write. */

export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code; undefined when the command did not end. */
  readonly code: number | undefined;
}

/** @param access how the command gets in and what it writes to; nothing runs at the address where it is left out */
export async function runCommand(
  register: (program: Command, context: CommandContext) => void,
  args: readonly string[],
  access: Partial<Pick<CommandContext, 'defaultUrl' | 'defaultToken' | 'isTerminal'>> = {},
): Promise<Ended> {
  const written = { stdout: '', stderr: '' };
  let code: number | undefined;
  const stream = (name: keyof typeof written) =>
    ({ write: (text: string) => (written[name] += text) }) as unknown as NodeJS.WritableStream;
  const program = new Command('taxameter').exitOverride();
  program.configureOutput({
    writeErr: (text) => (written.stderr += text),
    writeOut: (text) => (written.stdout += text),
  });
  register(program, {
    ...{ defaultUrl: '', defaultToken: undefined, databaseUrl: undefined, isTerminal: false, ...access },
    ...{ stdout: stream('stdout'), stderr: stream('stderr') },
    exit: (given) => (code = given),
  });
  await program.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
    if (!(error instanceof CommanderError)) throw error;
    code = error.exitCode === 0 ? 0 : 2;
  });
  return { ...written, code };
}
