import { cutPage, invalidInput, type PageWanted } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { partnerMistakes, type PartnerState } from './partner.js';

/** Partners in the database. Row-level security leaves a partner its own row. */

const SELECT = `
  select partner_id as "partnerId", version, name, cvr, vat_number as "vatNumber", gln,
    case when street is not null then json_strip_nulls(json_build_object(
      'street', street, 'street2', street2, 'postalCode', postal_code, 'city', city, 'country', country)) end as address,
    email, order_number as "orderNumber", buyer_reference as "buyerReference", language, delivery
  from partner`;

export async function loadPartner(tx: EntityManager, partnerId: string): Promise<PartnerState | null> {
  const [partner] = await tx.query<PartnerState[]>(`${SELECT} where partner_id = $1`, [partnerId]);
  return partner ?? null;
}

export async function listPartners(tx: EntityManager, { limit, cursor }: PageWanted) {
  const rows = await tx.query<PartnerState[]>(
    `${SELECT} where partner_id > $1 collate "C" order by partner_id collate "C" limit $2`,
    [cursor ?? '', limit + 1],
  );
  return cutPage(rows, limit, (partner) => partner.partnerId);
}

/**
 * The next state, where it breaks no rule.
 * @throws Problem 400 naming each field and the rule that it breaks
 */
export function acceptable(wanted: PartnerState, recorded: PartnerState | null): PartnerState {
  const mistakes = partnerMistakes(wanted, recorded);
  if (mistakes.length > 0) throw invalidInput(mistakes);
  return wanted;
}

export async function savePartner(tx: EntityManager, partner: PartnerState): Promise<void> {
  const { address } = partner;
  await tx.query(
    `insert into partner
       (partner_id, version, name, cvr, vat_number, gln, street, street2, postal_code, city, country, email,
        order_number, buyer_reference, language, delivery)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
     on conflict (partner_id) do update set
       version = excluded.version, name = excluded.name, cvr = excluded.cvr, vat_number = excluded.vat_number,
       gln = excluded.gln, street = excluded.street, street2 = excluded.street2,
       postal_code = excluded.postal_code, city = excluded.city, country = excluded.country,
       email = excluded.email, order_number = excluded.order_number,
       buyer_reference = excluded.buyer_reference, language = excluded.language, delivery = excluded.delivery`,
    [
      partner.partnerId,
      partner.version,
      partner.name,
      partner.cvr,
      partner.vatNumber,
      partner.gln,
      address?.street ?? null,
      address?.street2 ?? null,
      address?.postalCode ?? null,
      address?.city ?? null,
      address?.country ?? null,
      partner.email,
      partner.orderNumber,
      partner.buyerReference,
      partner.language,
      partner.delivery,
    ],
  );
}
