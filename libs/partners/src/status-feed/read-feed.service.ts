import type { IntegrationStatus } from '@taxameter/contracts';
import { Problem } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';

/** What gateways are told: everything, or what has changed since they asked. */

/** More changes than these, and the whole snapshot is the shorter answer. */
export const MAX_CHANGES = 1_000;

export interface Feed {
  /** The newest place in the feed; 0 while nothing was ever published. */
  readonly revision: number;
  readonly integrations: readonly IntegrationStatus[];
}

/** Every integration of which something must be enforced, now or later. One that is not in it is let through. */
export async function snapshot(tx: EntityManager): Promise<Feed> {
  const [row] = await tx.query<Feed[]>(
    `select coalesce((select max(revision) from enforcement_revision), 0) as revision,
            coalesce((select json_agg(record order by revision) from enforcement where not is_free), '[]') as integrations`,
  );
  return row!;
}

/**
 * The newest records of the integrations that changed after a revision, also of those that are let through again.
 * @throws Problem 410 when the revision is unknown or too far back: take the whole snapshot
 */
export async function changesSince(tx: EntityManager, after: number): Promise<Feed> {
  const [row] = await tx.query<(Feed & { isKnown: boolean })[]>(
    `select coalesce((select max(revision) from enforcement_revision), 0) as revision,
            $1::bigint = 0 or exists (select from enforcement_revision where revision = $1::bigint) as "isKnown",
            coalesce((select json_agg(record order by revision) from (
              select record, revision from enforcement where revision > $1::bigint order by revision limit $2
            ) as changed), '[]') as integrations`,
    [after, MAX_CHANGES + 1],
  );
  const { isKnown, ...feed } = row!;
  if (isKnown && feed.integrations.length <= MAX_CHANGES) return feed;
  throw new Problem(
    410,
    'feed-cursor-expired',
    (isKnown
      ? `more than ${MAX_CHANGES} integrations have changed since revision ${after}`
      : `revision ${after} is not known here`) +
      ': take the whole snapshot with GET /v1/enforcement, without "after", and put it in place of what you have',
    { errors: [{ field: 'query.after', reason: isKnown ? 'is too far back' : 'is not known' }] },
  );
}

export async function newestRevision(tx: Pick<EntityManager, 'query'>): Promise<number> {
  const [row] = await tx.query<{ revision: number | null }[]>(
    'select max(revision) as revision from enforcement_revision',
  );
  return row?.revision ?? 0;
}
