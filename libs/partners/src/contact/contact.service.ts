import { cutPage, type Page } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import type { ContactState } from './contact.js';

/** Contacts in the database: one row a version, the newest is the present one. Row-level security leaves a partner its own. */

const STATE = `
  contact_id as "contactId", partner_id as "partnerId", version, name, email, phone, language, purposes, removed`;

export interface ContactVersion {
  /** The instant from which it held, itself included. */
  readonly from: string;
  /** The instant from which the next one held; null: it still holds. */
  readonly to: string | null;
  readonly contact: ContactState;
}

/** The newest version, also of a contact that is removed. */
export async function loadContact(
  tx: EntityManager,
  partnerId: string,
  contactId: string,
): Promise<ContactState | null> {
  const [contact] = await tx.query<ContactState[]>(
    `select ${STATE} from contact_version where partner_id = $1 and contact_id = $2 order by version desc limit 1`,
    [partnerId, contactId],
  );
  return contact ?? null;
}

/** The contacts that a partner has, or had at an instant; those with a removed one left out. */
export async function listContacts(
  tx: EntityManager,
  partnerId: string,
  at: Date | null = null,
): Promise<ContactState[]> {
  return tx.query<ContactState[]>(
    `select * from (
       select distinct on (contact_id) ${STATE} from contact_version
       where partner_id = $1 and ($2::timestamptz is null or at <= $2)
       order by contact_id, version desc) as newest
     where not removed order by "contactId" collate "C"`,
    [partnerId, at],
  );
}

/** @param before only versions below this one, undefined: all */
export async function listContactVersions(
  tx: EntityManager,
  { partnerId, contactId }: { readonly partnerId: string; readonly contactId: string },
  { limit, before }: { readonly limit: number; readonly before: number | undefined },
): Promise<Page<ContactVersion>> {
  const rows = await tx.query<(ContactState & { from: Date; to: Date | null })[]>(
    `select * from (
       select ${STATE}, at as "from", lead(at) over (order by version) as "to"
       from contact_version where partner_id = $1 and contact_id = $2) as history
     where version < coalesce($3::integer, 2147483647) order by version desc limit $4`,
    [partnerId, contactId, before ?? null, limit + 1],
  );
  const { items, nextCursor } = cutPage(rows, limit, ({ version }) => String(version));
  return {
    items: items.map(({ from, to, ...contact }) => ({
      from: from.toISOString(),
      to: to?.toISOString() ?? null,
      contact,
    })),
    nextCursor,
  };
}

/** Adds a version; one that is removed takes the person out of all versions before it. */
export async function saveContact(tx: EntityManager, contact: ContactState, now: Date): Promise<void> {
  const { partnerId, contactId } = contact;
  if (contact.removed) {
    await tx.query(
      `update contact_version set name = null, email = null, phone = null where partner_id = $1 and contact_id = $2`,
      [partnerId, contactId],
    );
  }
  await tx.query(
    `insert into contact_version
       (partner_id, contact_id, version, at, name, email, phone, language, purposes, removed)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      partnerId,
      contactId,
      contact.version,
      now,
      contact.name,
      contact.email,
      contact.phone,
      contact.language,
      contact.purposes,
      contact.removed,
    ],
  );
}
