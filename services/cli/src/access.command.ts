import { InvalidArgumentError, type Command } from 'commander';
import { callApi } from './api-client.service.js';
import { askWith, type Ask } from './ask-api.service.js';
import type { CommandContext } from './command-context.js';

/** Links and tokens of a running system. */

const TOKEN_HELP = `
Examples:
  npm run taxameter -- token create --role ingest --name "gateway eu-1"
  npm run taxameter -- token create --role partner --partner par_eksempel --name "their own page" --days 90
  npm run taxameter -- token list
  npm run taxameter -- token revoke tok_0199…`;

interface CreatedToken {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: string;
}

interface ListedToken {
  readonly id: string;
  readonly role: string;
  readonly partnerId: string | null;
  readonly name: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

interface CreateFlags {
  role: string;
  name: string;
  partner?: string;
  days: number;
}

export function registerAccessCommands(program: Command, context: CommandContext): void {
  const ask = askWith(context);
  registerLink(program, ask);
  // The remark stays off stdout, so that TOKEN=$(… token create …) holds the token alone.
  registerTokens(program, ask, (line) => context.stderr.write(`${line}\n`));
}

function registerLink(program: Command, ask: Ask): void {
  program
    .command('link')
    .summary('makes a link to sign in to the page')
    .description('Makes a link by which a person signs in to the page: good once, for 15 minutes.')
    .action(() =>
      ask(async (access) => {
        const { path } = await callApi<{ path: string }>(access, 'POST', '/v1/setup-links');
        return { text: `${access.url}${path}` };
      }),
    );
}

function registerTokens(program: Command, ask: Ask, remark: (line: string) => void): void {
  const token = program
    .command('token')
    .summary('creates, lists and revokes tokens')
    .description(
      'Tokens for machines and people: ingest, ops, finance, partner (own data only), gateway (what to enforce), admin.',
    )
    .addHelpText('after', TOKEN_HELP);
  token
    .command('create')
    .description('Creates a token and shows it once.')
    .requiredOption('--role <role>', 'ingest, ops, finance, partner, gateway or admin')
    .requiredOption('--name <text>', 'who or what will use it')
    .option('--partner <id>', 'the partner, for the role partner')
    .option('--days <number>', 'how long it is good', wholeNumber, 365)
    .action(({ role, name, partner, days }: CreateFlags) =>
      ask(async (access) => {
        const body = { role, name, days, ...(partner !== undefined && { partnerId: partner }) };
        const made = await callApi<CreatedToken>(access, 'POST', '/v1/tokens', body);
        remark(`(${made.id}, good until ${made.expiresAt.slice(0, 10)}; it is not shown again)`);
        return { text: made.token };
      }),
    );
  token
    .command('list')
    .description('Lists tokens without their text.')
    .action(() =>
      ask(async (access) => {
        const { items } = await callApi<{ items: ListedToken[] }>(access, 'GET', '/v1/tokens');
        return { text: items.map(describeToken).join('\n') };
      }),
    );
  token
    .command('revoke')
    .argument('<id>', 'tok_…')
    .description('Revokes a token at once.')
    .option(
      '--with-made',
      'also the tokens that it made, and that these made: for one that was stolen',
      false,
    )
    .action((id: string, { withMade }: { withMade: boolean }) =>
      ask(async (access) => {
        const path = `/v1/tokens/${encodeURIComponent(id)}?withMade=${withMade}`;
        const { count } = await callApi<{ count: number }>(access, 'DELETE', path);
        return { text: count === 1 ? `${id} is revoked` : `${count} tokens are revoked` };
      }),
    );
}

function describeToken({ id, role, partnerId, name, expiresAt, revokedAt }: ListedToken): string {
  const goodness = revokedAt ? 'revoked' : expiresAt ? `until ${expiresAt.slice(0, 10)}` : 'for ever';
  return [id, role.padEnd(7), goodness.padEnd(16), partnerId ?? '–', name].join('  ');
}

function wholeNumber(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('must be a whole number of days');
  return Number(text);
}
