import { cutPage, type PageWanted } from '@taxameter/platform';
import type { Partner } from '@taxameter/contracts';
import type { EntityManager } from 'typeorm';

/** Partners in the database. Row-level security leaves a partner its own row. */

const SELECT = `
  select partner_id as "partnerId", version, name, cvr, vat_number as "vatNumber",
    case when street is not null then json_build_object(
      'street', street, 'postalCode', postal_code, 'city', city, 'country', country) end as address,
    email, language
  from partner`;

export async function loadPartner(tx: EntityManager, partnerId: string): Promise<Partner | null> {
  const [partner] = await tx.query<Partner[]>(`${SELECT} where partner_id = $1`, [partnerId]);
  return partner ?? null;
}

export async function listPartners(tx: EntityManager, { limit, cursor }: PageWanted) {
  const rows = await tx.query<Partner[]>(
    `${SELECT} where partner_id > $1 collate "C" order by partner_id collate "C" limit $2`,
    [cursor ?? '', limit + 1],
  );
  return cutPage(rows, limit, (partner) => partner.partnerId);
}

export async function savePartner(tx: EntityManager, partner: Partner): Promise<void> {
  const { address } = partner;
  await tx.query(
    `insert into partner
       (partner_id, version, name, cvr, vat_number, street, postal_code, city, country, email, language)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (partner_id) do update set
       version = excluded.version, name = excluded.name, cvr = excluded.cvr, vat_number = excluded.vat_number,
       street = excluded.street, postal_code = excluded.postal_code, city = excluded.city,
       country = excluded.country, email = excluded.email, language = excluded.language`,
    [
      partner.partnerId,
      partner.version,
      partner.name,
      partner.cvr,
      partner.vatNumber,
      address?.street ?? null,
      address?.postalCode ?? null,
      address?.city ?? null,
      address?.country ?? null,
      partner.email,
      partner.language,
    ],
  );
}
