import type { Agreement, Integration, Partner } from '@taxameter/contracts';
import type { KnownAgreement } from '../agreement/agreement.service.js';
import { ApiFailed, ask, askPages, type Api } from '../api-client/ask.service.js';
import type { Warning } from '../change/command-body.js';
import { planSeed, type Present, type SeedCommand, type SeedKind } from './plan-seed.js';
import type { Seed } from './seed-file.js';

/** Makes a running Taxameter say what a seed file says, over its HTTP API. Applying twice changes nothing. */

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

/** @throws SeedFailed in one sentence that says what to do; the token needs role ops or admin */
export async function applySeed(
  seed: Seed,
  api: Api,
  progress: SeedProgress = () => undefined,
): Promise<SeedReport> {
  try {
    return await apply(seed, api, progress);
  } catch (error) {
    if (!(error instanceof ApiFailed)) throw error;
    const needs = error.status === 403 ? ': it needs role ops or admin' : '';
    throw new SeedFailed(error.message + needs);
  }
}

async function apply(seed: Seed, api: Api, progress: SeedProgress): Promise<SeedReport> {
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
  for await (const partner of askPages<Partner>(api, '/v1/partners'))
    partners.set(partner.partnerId, partner);
  for await (const integration of askPages<Integration>(api, '/v1/integrations')) {
    integrations.set(integration.integrationId, integration);
  }
  const withAgreements = new Set(seed.agreements.map((agreement) => agreement.integrationId));
  for (const integrationId of withAgreements) {
    if (!integrations.has(integrationId)) continue;
    const path = `/v1/integrations/${encodeURIComponent(integrationId)}/agreements`;
    for await (const shown of askPages<KnownAgreement>(api, path)) {
      // One that nobody has declared yet: a seed file that names it has something to say.
      if (shown.origin === 'learnt') continue;
      const { origin: _1, actsSince: _2, ...agreement } = shown;
      agreements.set(`${integrationId}|${agreement.organizationId}`, agreement);
    }
  }
  return { partners, integrations, agreements };
}
