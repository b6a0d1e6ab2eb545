import type { AgreementObserved, IntegrationObserved } from '@taxameter/contracts';
import type { EntityManager } from 'typeorm';

/** What fair-use saw, as the newest of its facts says. The event log hands over none that is older than one before it. */

export async function keepObserved(tx: EntityManager, observed: IntegrationObserved): Promise<void> {
  await tx.query(
    `insert into observed_integration (integration_id, version, observed) values ($1, $2, $3)
     on conflict (integration_id) do update set version = excluded.version, observed = excluded.observed`,
    [observed.integrationId, observed.version, JSON.stringify(observed)],
  );
}

export async function keepObservedAgreement(tx: EntityManager, observed: AgreementObserved): Promise<void> {
  await tx.query(
    `insert into observed_agreement (integration_id, organization_id, version, first_seen_at)
     values ($1, $2, $3, $4)
     on conflict (integration_id, organization_id) do update set
       version = excluded.version, first_seen_at = excluded.first_seen_at`,
    [observed.integrationId, observed.organizationId, observed.version, observed.firstSeenAt],
  );
}

/** Null while nothing was seen of it. */
export async function loadObserved(
  tx: EntityManager,
  integrationId: string,
): Promise<IntegrationObserved | null> {
  const [row] = await tx.query<{ observed: IntegrationObserved }[]>(
    'select observed from observed_integration where integration_id = $1',
    [integrationId],
  );
  return row?.observed ?? null;
}
