import type { Agreement, Integration, Partner } from '@taxameter/contracts';
import type { KnownAgreement } from '../agreement/agreement.service.js';
import type { Warning } from '../change/command-body.js';
import { planSeed, type Present, type SeedCommand, type SeedKind } from './plan-seed.js';
import type { Seed } from './seed-file.js';

/** Makes a running Taxameter say what a seed file says, over its HTTP API. Applying twice changes nothing. */

export interface Api {
  /** Base address, `http://127.0.0.1:3000`. */
  readonly url: string;
  /** Token with role ops or admin. */
  readonly token: string;
}

/** Called after each command, with how many there are in all. */
export type SeedProgress = (command: SeedCommand, done: number, of: number) => void;

export interface SeedCounts {
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
}

export interface SeedReport extends Readonly<Record<SeedKind, SeedCounts>> {
  readonly deactivated: number;
  readonly warnings: readonly (Warning & { readonly subject: string })[];
  /**
   * Partners, integrations and agreements that were created or changed; 0 when the system said all of it
   * before.
   */
  readonly changed: number;
  readonly unchanged: number;
}

/**
 * The system did not take the seed; what was applied before stays applied, and the same file may be applied
 * again.
 */
export class SeedFailed extends Error {
  override readonly name = 'SeedFailed';
}

const TIMEOUT_MS = 30_000;
const PAGE = 500;

/** @throws SeedFailed in one sentence that says what to do */
export async function applySeed(
  seed: Seed,
  api: Api,
  progress: SeedProgress = () => undefined,
): Promise<SeedReport> {
  const commands = planSeed(seed, await readPresent(seed, api));
  const warnings: (Warning & { subject: string })[] = [];
  for (const [index, command] of commands.entries()) {
    const answer = await ask<{ warnings: Warning[] }>(api, command.method, command.path, command.body);
    warnings.push(...answer.warnings.map((warning) => ({ subject: command.subject, ...warning })));
    progress(command, index + 1, commands.length);
  }
  return reportOf(seed, commands, warnings);
}

function reportOf(
  seed: Seed,
  commands: readonly SeedCommand[],
  warnings: SeedReport['warnings'],
): SeedReport {
  const partners = countsOf('partners', seed.partners.length, commands);
  const integrations = countsOf('integrations', seed.integrations.length, commands);
  const agreements = countsOf('agreements', seed.agreements.length, commands);
  const unchanged = partners.unchanged + integrations.unchanged + agreements.unchanged;
  const total = seed.partners.length + seed.integrations.length + seed.agreements.length;
  const deactivated = commands.filter((command) => command.effect === 'deactivated').length;
  return { partners, integrations, agreements, deactivated, warnings, changed: total - unchanged, unchanged };
}

function countsOf(kind: SeedKind, total: number, commands: readonly SeedCommand[]): SeedCounts {
  const ofKind = commands.filter((command) => command.kind === kind);
  const created = ofKind.filter((command) => command.effect === 'created').length;
  // Recording and deactivating the same integration are two commands, but one integration.
  const touched = new Set(ofKind.map((command) => command.subject)).size;
  return { created, changed: touched - created, unchanged: total - touched };
}

async function readPresent(seed: Seed, api: Api): Promise<Present> {
  const partners = new Map<string, Partner>();
  const integrations = new Map<string, Integration>();
  const agreements = new Map<string, Agreement>();
  for await (const partner of pages<Partner>(api, '/v1/partners')) partners.set(partner.partnerId, partner);
  for await (const integration of pages<Integration>(api, '/v1/integrations')) {
    integrations.set(integration.integrationId, integration);
  }
  const withAgreements = new Set(seed.agreements.map((agreement) => agreement.integrationId));
  for (const integrationId of withAgreements) {
    if (!integrations.has(integrationId)) continue;
    const path = `/v1/integrations/${encodeURIComponent(integrationId)}/agreements`;
    for await (const shown of pages<KnownAgreement>(api, path)) {
      // One that nobody has declared yet: a seed file that names it has something to say.
      if (shown.origin === 'learnt') continue;
      const { origin: _1, actsSince: _2, ...agreement } = shown;
      agreements.set(`${integrationId}|${agreement.organizationId}`, agreement);
    }
  }
  return { partners, integrations, agreements };
}

async function* pages<Item>(api: Api, path: string): AsyncGenerator<Item> {
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: String(PAGE), ...(cursor === null ? {} : { cursor }) });
    const page: { items: Item[]; nextCursor: string | null } = await ask(api, 'GET', `${path}?${query}`);
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

async function ask<Answer>(api: Api, method: string, path: string, body?: unknown): Promise<Answer> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL(path.slice(1), api.url.endsWith('/') ? api.url : `${api.url}/`), {
      method,
      headers: {
        authorization: `Bearer ${api.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A redirect would carry the token to another address.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch (error) {
    throw new SeedFailed(`cannot reach Taxameter at ${api.url} (${reasonOf(error)}): is it running there?`);
  }
  const answer = jsonOf(text);
  if (response.ok && answer !== null) return answer as Answer;
  throw refusal(api, `${method} ${path}`, response.status, answer);
}

function refusal(api: Api, what: string, status: number, answer: unknown): SeedFailed {
  if (status === 401) {
    return new SeedFailed(`${api.url} does not know the token (401): give a valid one with --token`);
  }
  if (status === 403) {
    return new SeedFailed(
      `${api.url} knows the token but it may not do this (403): it needs role ops or admin`,
    );
  }
  const detail = (answer as { detail?: unknown } | null)?.detail;
  const said = typeof detail === 'string' ? detail : 'no answer of Taxameter: is --url its address?';
  return new SeedFailed(`${what} was answered ${status}: ${said}`);
}

function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const cause = error.cause as { code?: string; message?: string } | undefined;
  return cause?.code ?? cause?.message ?? error.message;
}
