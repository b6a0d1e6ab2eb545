import { Problem, cutPage, type PageWanted } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { Restriction } from '../restriction/restriction.js';
import type { NotifiedAgreement } from './notice.js';

/** Beyond it a file is no list that anybody sends letters from. */
const MOST_AGREEMENTS = 100_000;

type Bound = Pick<Restriction, 'integrationId' | 'scope' | 'organizationIds'>;

/** Active agreements that a restriction binds, by organisation. */
export async function listNotified(
  tx: EntityManager,
  { integrationId, scope, organizationIds }: Bound,
  { limit, cursor }: PageWanted,
) {
  const rows = await tx.query<NotifiedAgreement[]>(
    `select organization_id as "organizationId", name from agreement
     where integration_id = $1 and status = 'active' and ($2::text[] is null or organization_id = any($2))
       and organization_id > $3 collate "C"
     order by organization_id collate "C" limit $4`,
    [integrationId, scope === 'agreements' ? organizationIds : null, cursor ?? '', limit + 1],
  );
  return cutPage(rows, limit, ({ organizationId }) => organizationId);
}

/** @throws Problem 422 when there are too many */
export async function allNotified(tx: EntityManager, bound: Bound): Promise<readonly NotifiedAgreement[]> {
  const { items, nextCursor } = await listNotified(tx, bound, { limit: MOST_AGREEMENTS });
  if (nextCursor === null) return items;
  throw new Problem(
    422,
    'too-many-rows',
    `the CSV would have more than ${MOST_AGREEMENTS} rows: take the list page by page`,
  );
}
