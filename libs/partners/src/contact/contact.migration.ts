import { partnerPolicy } from '@taxameter/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Contacts of partners: every version of each, without the person once the contact is removed. */
export class Contacts1760000200012 implements MigrationInterface {
  name = 'Contacts1760000200012';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table contact_version (
        partner_id text not null references partner,
        contact_id text not null,
        version integer not null check (version >= 1),
        at timestamptz not null,
        name text,
        email text,
        phone text check (phone ~ '^\\+[1-9][0-9]{6,14}$'),
        language text not null check (language in ('da', 'en')),
        purposes text[] not null,
        removed boolean not null,
        primary key (partner_id, contact_id, version),
        check (not removed or num_nonnulls(name, email, phone) = 0)
      );
      ${partnerPolicy('contact_version')};
      revoke delete on contact_version from taxameter_partners;
      create policy own_contacts on audit_entry using (
        coalesce(current_setting('taxameter.partner', true), '') <> ''
        and starts_with(subject, 'contact|' || current_setting('taxameter.partner', true) || '|'))`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
