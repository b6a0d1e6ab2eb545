import type { DataSource, EntityManager } from 'typeorm';
import type { Actor } from './actor.js';

/**
 * Runs `work` in one transaction in which PostgreSQL knows the actor: row-level security policies read
 * `taxameter.partner`, which is empty for everybody who may see all partners' rows.
 */
export async function withActor<Result>(
  database: DataSource,
  actor: Actor,
  work: (tx: EntityManager) => Promise<Result>,
): Promise<Result> {
  return database.transaction(async (tx) => {
    await tellActor(tx, actor);
    return work(tx);
  });
}

/** Sets the actor for the rest of the transaction. */
export async function tellActor(tx: EntityManager, actor: Actor): Promise<void> {
  await tx.query(
    "select set_config('taxameter.actor', $1, true), set_config('taxameter.role', $2, true), set_config('taxameter.partner', $3, true)",
    [actor.id, actor.role, actor.role === 'partner' ? partnerOf(actor) : ''],
  );
}

/** A partner's token without a partner would see everything: such an actor is told as a partner that does not exist. */
function partnerOf({ partnerId }: Actor): string {
  return partnerId === null || partnerId === '' ? 'none' : partnerId;
}

/** SQL of a policy by which a partner sees its own rows only; for migrations. */
export function partnerPolicy(table: string, column = 'partner_id'): string {
  return `
    alter table ${table} enable row level security;
    create policy own_rows on ${table} using (
      coalesce(current_setting('taxameter.partner', true), '') in ('', ${column})
    )`;
}
