import type { EntityManager } from 'typeorm';

/** One line of billing's audit: who did what to which run or invoice, and why. */
export interface AuditEntry {
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Appends in the transaction of what it tells about, so that neither can be true without the other. */
export async function appendAudit(tx: EntityManager, entry: AuditEntry): Promise<void> {
  const { at, actor, action, subject, detail } = entry;
  await tx.query('insert into audit (at, actor, action, subject, detail) values ($1, $2, $3, $4, $5)', [
    at,
    actor,
    action,
    subject,
    JSON.stringify(detail),
  ]);
}
