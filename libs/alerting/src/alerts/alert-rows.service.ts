import type { EntityManager } from 'typeorm';

/** Alerts in the database: how a row is read, and the order in which rows change. */

/** The columns of an `AlertRow`, to be followed by what is wanted. */
export const SELECT_ALERT = `
  select id, sequence, kind, severity, state, opened_at as "openedAt", changed_at as "changedAt", breach, episode, resolution,
    observed from alert`;

/** Draws the next sequence number. It stays locked until the transaction ends, so that numbers become visible in their order. */
export async function nextSequence(tx: EntityManager): Promise<number> {
  const [[head]] = await tx.query<[[{ sequence: number }], number]>(
    'update alert_head set last_sequence = last_sequence + 1 returning last_sequence as sequence',
  );
  return head.sequence;
}
