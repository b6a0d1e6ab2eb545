import { Injectable } from '@nestjs/common';
import type { DataSource, EntityManager } from 'typeorm';
import { defaultPolicy } from './default-policy.js';
import { completed, documentOf, type PolicyDocument } from './policy-document.js';
import { policiesOf, type Policies, type PolicyVersion } from './policies.js';
import type { Policy } from './policy.js';

/**
 * Knows all versions of the policy. Whoever judges or counts reads them in its transaction: while that lasts nobody decides
 * another, and a new one begins after everything that was judged before it. So no minute is judged by a version that was already
 * replaced, however many processes there are.
 */

export interface KnownPolicies {
  /** Ascending. */
  readonly versions: readonly PolicyVersion[];
  readonly policies: Policies;
  /**
   * Counts by the lists of all versions: which one holds for a minute is decided when it is judged. A country that any of them allows
   * is not foreign. How long a source may be silent is what the newest says.
   */
  readonly counting: Policy;
}

const DEFAULT: PolicyVersion = {
  version: defaultPolicy.version,
  effectiveFrom: null,
  document: documentOf(defaultPolicy),
};

@Injectable()
export class PolicyBook {
  private known: KnownPolicies = knownOf([DEFAULT]);

  /**
   * As they are now; read in a transaction, before any other lock is taken, they stay so until it ends.
   */
  async read(tx: EntityManager | DataSource): Promise<KnownPolicies> {
    const [{ newest }] = await tx.query<[{ newest: number | null }]>(
      'select newest_policy_version() as newest',
    );
    const known = this.known;
    if ((newest ?? DEFAULT.version) === known.versions.at(-1)!.version) return known;
    const read = knownOf(await readVersions(tx));
    this.known = read;
    return read;
  }
}

/** One decision at a time, and none while a minute is being judged; until the transaction ends. */
export async function lockPolicies(tx: EntityManager): Promise<void> {
  await tx.query('select pg_advisory_xact_lock(7340011, hashtext(current_schema()))');
}

/** All versions, ascending, each document made whole. */
export async function readVersions(tx: EntityManager | DataSource): Promise<PolicyVersion[]> {
  const rows = await tx.query<{ version: number; effectiveFrom: Date; document: PolicyDocument }[]>(
    'select version, effective_from as "effectiveFrom", document from policy_version order by version',
  );
  const decided = rows.map(({ version, effectiveFrom, document }) => ({
    version,
    effectiveFrom: effectiveFrom.toISOString(),
    document: completed(document, DEFAULT.document),
  }));
  return [DEFAULT, ...decided];
}

function knownOf(versions: readonly PolicyVersion[]): KnownPolicies {
  const routes = versions.flatMap(({ document }) => document.filterableRoutes);
  const filterableRoutes = [...new Map(routes.map((route) => [route.path, route])).values()];
  const allowedSmsCountries = [...new Set(versions.flatMap(({ document }) => document.allowedSmsCountries))];
  const { dataGap } = versions.at(-1)!.document;
  return {
    versions,
    policies: policiesOf(versions),
    counting: { ...defaultPolicy, filterableRoutes, allowedSmsCountries, dataGap },
  };
}
