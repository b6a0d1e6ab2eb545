/** SQL of the policy by which a partner sees rows of integrations that it ever owned; for migrations. */

/** The partner that reads, empty for our own people. */
export const READER = "coalesce(current_setting('taxameter.partner', true), '')";

/** The floor. The queries narrow it to the present owner. */
export function everOwnedPolicy(table: string): string {
  return `
    alter table ${table} enable row level security;
    create policy own_rows on ${table} using (
      ${READER} = '' or exists (
        select from integration_owner owner
        where owner.integration_id = ${table}.integration_id and owner.partner_id = ${READER}))`;
}
