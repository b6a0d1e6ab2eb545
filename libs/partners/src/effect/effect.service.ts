import type { RestrictionObserved } from '@taxameter/contracts';
import { cutPage, type PageWanted } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';

/** What was observed of blocks, in the database. */

export interface Effect {
  readonly observed: RestrictionObserved;
  readonly toldAt: Date;
}

const SELECT = 'select observed, told_at as "toldAt" from restriction_effect';

/** null while nothing was told: it is no block, or fair-use has not heard of it. */
export async function loadEffect(tx: EntityManager, restrictionId: string): Promise<Effect | null> {
  const [row] = await tx.query<Effect[]>(`${SELECT} where restriction_id = $1`, [restrictionId]);
  return row ?? null;
}

/** Those that let calls through, by id. */
export async function listLeaks(tx: EntityManager, { limit, cursor }: PageWanted) {
  const rows = await tx.query<Effect[]>(
    `${SELECT} where let_through > 0 and restriction_id > $1 collate "C"
     order by restriction_id collate "C" limit $2`,
    [cursor ?? '', limit + 1],
  );
  return cutPage(rows, limit, ({ observed }) => observed.restrictionId);
}
