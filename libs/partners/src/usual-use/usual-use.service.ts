import type { UsageProfile } from '@taxameter/contracts';
import type { EntityManager } from 'typeorm';

/** Normal use of an integration; null when none was told yet. */
export async function loadUsualUse(tx: EntityManager, integrationId: string): Promise<UsageProfile | null> {
  const [row] = await tx.query<{ profile: UsageProfile }[]>(
    'select profile from usual_use where integration_id = $1',
    [integrationId],
  );
  return row?.profile ?? null;
}
