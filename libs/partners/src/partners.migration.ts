import { partnerPolicy } from '@taxameter/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables of the room: present state in rows that change, histories and audit in rows that never do. */

const READER = "coalesce(current_setting('taxameter.partner', true), '')";

/** A partner that ever owned the integration: the floor. The queries narrow it to the present owner. */
function everOwnedPolicy(table: string): string {
  return `
    alter table ${table} enable row level security;
    create policy own_rows on ${table} using (
      ${READER} = '' or exists (
        select from integration_owner owner
        where owner.integration_id = ${table}.integration_id and owner.partner_id = ${READER}))`;
}

export class Partners1760000101000 implements MigrationInterface {
  name = 'Partners1760000101000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(PARTNER);
    await runner.query(INTEGRATION);
    await runner.query(AGREEMENT);
    await runner.query(AUDIT);
    await runner.query(partnerPolicy('partner'));
    await runner.query(everOwnedPolicy('integration'));
    await runner.query(everOwnedPolicy('agreement'));
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

const PARTNER = `
  create table partner (
    partner_id text primary key,
    version integer not null check (version >= 1),
    name text not null,
    cvr text check (cvr ~ '^[0-9]{8}$'),
    vat_number text,
    street text,
    postal_code text,
    city text,
    country text check (country ~ '^[A-Z]{2}$'),
    email text,
    language text not null check (language in ('da', 'en')),
    -- An address is whole or not there: half of one would pass for complete on an invoice.
    check (num_nulls(street, postal_code, city, country) in (0, 4))
  )`;

const INTEGRATION = `
  create table integration (
    integration_id text primary key,
    version integer not null check (version >= 1),
    name text not null,
    kind text not null check (kind in ('public', 'personal'))
  );
  create table integration_owner (
    id bigint generated always as identity primary key,
    integration_id text not null references integration,
    partner_id text not null references partner,
    effective_from timestamptz not null
  );
  create index on integration_owner (integration_id, effective_from);
  create index on integration_owner (partner_id);
  create table integration_status (
    id bigint generated always as identity primary key,
    integration_id text not null references integration,
    status text not null check (status in ('active', 'deactivated')),
    effective_from timestamptz not null,
    reason text,
    check (status = 'active' or reason is not null)
  );
  create index on integration_status (integration_id, effective_from);
  -- Who owned an integration when decides who is billed: what was said stays said, corrections are appended.
  revoke update, delete on integration_owner, integration_status from taxameter_partners`;

const AGREEMENT = `
  create table agreement (
    integration_id text not null references integration,
    organization_id text not null,
    version integer not null check (version >= 1),
    name text,
    status text not null check (status in ('active', 'ended')),
    primary key (integration_id, organization_id)
  )`;

const AUDIT = `
  create table audit_entry (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    actor_id text not null,
    actor_role text not null,
    action text not null,
    subject text not null,
    "before" jsonb,
    "after" jsonb not null,
    reason text
  );
  create index on audit_entry (subject, id);
  revoke update, delete on audit_entry from taxameter_partners`;

export const partnersMigrations = [Partners1760000101000];
