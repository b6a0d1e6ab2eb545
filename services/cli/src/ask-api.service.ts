import { issueBootstrapToken, systemClock } from '@taxameter/platform';
import { startFailure } from '@taxameter/server';
import { ApiError } from './api-client.service.js';
import type { CommandContext } from './command-context.js';
import type { LocalAccess } from './local-access.service.js';

/** How a command that works over the API gets in, answers and ends. */

/** What a command has found. */
export interface Answer {
  /** For stdout, without the end of the last line. */
  readonly text: string;
  /** Exit code: 0, which it is when left out, or 1 where something was found. */
  readonly code?: number;
}

/** Asks the API, prints what comes of it and ends with its exit code; a refusal becomes a sentence and exit code 1. */
export type Ask = (work: (access: LocalAccess) => Promise<Answer>) => Promise<void>;

export function askWith(context: CommandContext): Ask {
  return async (work) => {
    try {
      const { text, code = 0 } = await work(await accessOf(context));
      context.stdout.write(`${text}\n`);
      context.exit(code);
    } catch (error) {
      context.stderr.write(`${error instanceof ApiError ? error.message : startFailure(error)}\n`);
      context.exit(1);
    }
  };
}

/** A token, or by the database. @throws ApiError when there is neither */
async function accessOf({
  defaultUrl: url,
  defaultToken: token,
  databaseUrl,
}: CommandContext): Promise<LocalAccess> {
  if (token !== undefined) return { url, token };
  if (databaseUrl !== undefined) return { url, token: await issueBootstrapToken(databaseUrl, systemClock) };
  throw new ApiError(
    'no Taxameter runs here: start one with "npm start", or set TAXAMETER_TOKEN, or DATABASE_URL to get in by the database',
    0,
  );
}
