import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who pays for an organisation: the owner of the personal integrations that were made for it. */
export class BillingParty1760000200004 implements MigrationInterface {
  name = 'BillingParty1760000200004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(PAYER);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

const PAYER = `
  alter table integration add column organization_id text,
    add check (organization_id is null or kind = 'personal');
  create index on integration (organization_id) where organization_id is not null;
  create table organization (
    organization_id text primary key,
    version integer not null check (version >= 1)
  );
  create table organization_payer (
    id bigint generated always as identity primary key,
    organization_id text not null references organization,
    partner_id text not null references partner,
    effective_from timestamptz not null
  );
  create index on organization_payer (organization_id, effective_from);
  revoke update, delete on organization_payer from taxameter_partners`;
