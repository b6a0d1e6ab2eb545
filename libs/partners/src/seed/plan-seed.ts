/** Which commands make a running system say what a seed file says: the difference, and nothing else. */
import type { Agreement, Integration, Partner } from '@taxameter/contracts';
import { inForceAt } from '../integration/history.js';
import { ownerAt } from '../integration/integration.js';
import type { Seed } from './seed-file.js';

/** What the system says now, by id; agreements by `INTEGRATION|ORGANIZATION`. */
export interface Present {
  readonly partners: ReadonlyMap<string, Partner>;
  readonly integrations: ReadonlyMap<string, Integration>;
  readonly agreements: ReadonlyMap<string, Agreement>;
}

export type SeedKind = 'partners' | 'integrations' | 'agreements';

export interface SeedCommand {
  readonly kind: SeedKind;
  readonly effect: 'created' | 'changed' | 'deactivated';
  /** What a person is told: `partner par_a`. */
  readonly subject: string;
  readonly method: 'PUT' | 'POST';
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Partners first, then integrations, then agreements: each refers to those before it. */
export function planSeed(seed: Seed, present: Present): SeedCommand[] {
  return [
    ...seed.partners.flatMap((wanted) => planPartner(wanted, present.partners.get(wanted.partnerId))),
    ...seed.integrations.flatMap((wanted) =>
      planIntegration(wanted, present.integrations.get(wanted.integrationId)),
    ),
    ...seed.agreements.flatMap((wanted) =>
      planAgreement(wanted, present.agreements.get(`${wanted.integrationId}|${wanted.organizationId}`)),
    ),
  ];
}

function planPartner(wanted: Seed['partners'][number], present: Partner | undefined): SeedCommand[] {
  const { partnerId, ...details } = { ...leftAlone(present), ...wanted };
  if (present && isSame({ partnerId, ...details }, { ...present, version: undefined })) return [];
  return [
    put(
      'partners',
      `partner ${partnerId}`,
      `/v1/partners/${encodeURIComponent(partnerId)}`,
      details,
      present,
    ),
  ];
}

/** What the file does not say of a partner and what is not taken for "not known": a partner keeps some of it itself. */
function leftAlone(present: Partner | undefined): Partial<Partner> {
  if (!present) return {};
  const { gln, orderNumber, buyerReference, delivery } = present;
  return { gln, orderNumber, buyerReference, delivery };
}

function planIntegration(
  wanted: Seed['integrations'][number],
  present: Integration | undefined,
): SeedCommand[] {
  const { integrationId, deactivated, ...details } = wanted;
  const { name, kind, partnerId, from } = details;
  const path = `/v1/integrations/${encodeURIComponent(integrationId)}`;
  const subject = `integration ${integrationId}`;
  const isAsWanted =
    present !== undefined &&
    present.name === name &&
    present.kind === kind &&
    ownerAt(present, new Date(from)) === partnerId;
  const commands = isAsWanted ? [] : [put('integrations', subject, path, details, present)];
  // What people did after the seed's instant stands: a reactivation is not undone by applying the file again.
  const status =
    deactivated && present ? inForceAt(present.status, new Date(deactivated.from))?.status : null;
  if (deactivated && status !== 'deactivated') {
    commands.push({
      kind: 'integrations',
      effect: 'deactivated',
      subject,
      method: 'POST',
      path: `${path}/deactivate`,
      body: deactivated,
    });
  }
  return commands;
}

function planAgreement(wanted: Seed['agreements'][number], present: Agreement | undefined): SeedCommand[] {
  const { integrationId, organizationId, ...details } = wanted;
  if (present && isSame(wanted, { ...present, version: undefined })) return [];
  const integrationPath = `/v1/integrations/${encodeURIComponent(integrationId)}`;
  const path = `${integrationPath}/agreements/${encodeURIComponent(organizationId)}`;
  return [put('agreements', `agreement ${organizationId} of ${integrationId}`, path, details, present)];
}

/**
 * The version that the difference was made against goes along: whoever changed it meanwhile is not
 * overwritten.
 */
function put(
  kind: SeedKind,
  subject: string,
  path: string,
  details: Readonly<Record<string, unknown>>,
  present: { readonly version: number } | undefined,
): SeedCommand {
  const effect = present ? 'changed' : 'created';
  return {
    kind,
    effect,
    subject,
    method: 'PUT',
    path,
    body: { ...details, version: present?.version ?? 0, reason: 'seed file' },
  };
}

/** Equal as JSON, whatever the order of the fields. */
function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(sorted(left)) === JSON.stringify(sorted(right));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return entries
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, inner]) => [name, sorted(inner)]);
}
