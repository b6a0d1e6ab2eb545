import { cutPage, type PageWanted } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { Application } from './application.js';

/** Applications in the database. Rows are never deleted; row-level security leaves a partner its own. */

const SELECT = `
  select application_id as "applicationId", version, kind, state, partner_id as "partnerId",
    integration_id as "integrationId", details, note, awaits_answer as "awaitsAnswer",
    opened_by_system as "openedBySystem", submitted_at as "submittedAt", decided_at as "decidedAt"
  from application`;

type Row = Omit<Application, 'submittedAt' | 'decidedAt'> & {
  readonly submittedAt: Date;
  readonly decidedAt: Date | null;
};

export async function loadApplication(tx: EntityManager, applicationId: string): Promise<Application | null> {
  const [row] = await tx.query<Row[]>(`${SELECT} where application_id = $1`, [applicationId]);
  return row ? toApplication(row) : null;
}

export interface ApplicationsWanted extends PageWanted {
  readonly state?: Application['state'] | undefined;
  readonly integrationId?: string | undefined;
  readonly partnerId?: string | undefined;
}

/** Applications by id: who has waited longest comes first. */
export async function listApplications(tx: EntityManager, wanted: ApplicationsWanted) {
  const { limit, cursor, state, integrationId, partnerId } = wanted;
  const rows = await tx.query<Row[]>(
    `${SELECT} where application_id > $1 collate "C" and ($2::text is null or state = $2)
       and ($3::text is null or integration_id = $3) and ($4::text is null or partner_id = $4)
     order by application_id collate "C" limit $5`,
    [cursor ?? '', state ?? null, integrationId ?? null, partnerId ?? null, limit + 1],
  );
  return cutPage(rows.map(toApplication), limit, ({ applicationId }) => applicationId);
}

/** All applications of an integration, oldest first. */
export async function applicationsOf(tx: EntityManager, integrationId: string): Promise<Application[]> {
  const rows = await tx.query<Row[]>(
    `${SELECT} where integration_id = $1 order by application_id collate "C" limit 1000`,
    [integrationId],
  );
  return rows.map(toApplication);
}

/** How many of people without an account nobody has looked at, counted up to a limit. */
export async function countUnread(tx: EntityManager, limit: number): Promise<number> {
  const [row] = await tx.query<[{ count: number }]>(
    `select count(*) as count from (
       select from application where state = 'applied' and partner_id is null limit $1) as unread`,
    [limit],
  );
  return row.count;
}

/** How many of a partner are not decided; reviews that the system opened are not the partner's doing. */
export async function countOpenOf(tx: EntityManager, partnerId: string): Promise<number> {
  const [row] = await tx.query<[{ count: number }]>(
    `select count(*) as count from application
     where partner_id = $1 and state in ('applied', 'in-review') and not opened_by_system`,
    [partnerId],
  );
  return row.count;
}

export async function saveApplication(tx: EntityManager, next: Application): Promise<void> {
  await tx.query(
    `insert into application (application_id, version, kind, state, partner_id, integration_id, details, note,
       awaits_answer, submitted_at, decided_at, opened_by_system)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (application_id) do update set
       version = excluded.version, state = excluded.state, partner_id = excluded.partner_id,
       integration_id = excluded.integration_id, details = excluded.details, note = excluded.note,
       awaits_answer = excluded.awaits_answer, decided_at = excluded.decided_at`,
    [
      next.applicationId,
      next.version,
      next.kind,
      next.state,
      next.partnerId,
      next.integrationId,
      JSON.stringify(next.details),
      next.note,
      next.awaitsAnswer,
      next.submittedAt,
      next.decidedAt,
      next.openedBySystem,
    ],
  );
}

/** Keeps the hash of the secret by which the applicant asks. */
export async function saveSecretHash(tx: EntityManager, applicationId: string, hash: Buffer): Promise<void> {
  await tx.query('update application set secret_hash = $2 where application_id = $1', [applicationId, hash]);
}

export async function secretHashOf(tx: EntityManager, applicationId: string): Promise<Buffer | null> {
  const [row] = await tx.query<{ hash: Buffer | null }[]>(
    'select secret_hash as hash from application where application_id = $1',
    [applicationId],
  );
  return row?.hash ?? null;
}

function toApplication(row: Row): Application {
  return {
    ...row,
    submittedAt: row.submittedAt.toISOString(),
    decidedAt: row.decidedAt?.toISOString() ?? null,
  };
}
