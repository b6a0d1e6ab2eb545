import { partnerPolicy } from '@taxameter/platform';
import { Approvals1760000200021 } from './approval/approval.migration.js';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  Application1760000200002,
  OpenedBySystem1760000200027,
} from './application/application.migration.js';
import { BillingParty1760000200004 } from './billing-party/billing-party.migration.js';
import { Observed1760000200003 } from './review/observed.migration.js';
import { Contacts1760000200012 } from './contact/contact.migration.js';
import { MasterData1760000200011 } from './partner/partner.migration.js';
import { Answers1760000200024, WordsOutOfAudit1760000200028 } from './answer/answer.migration.js';
import { Effects1760000200026 } from './effect/effect.migration.js';
import { everOwnedPolicy } from './integration/ever-owned-policy.js';
import { SmsBudgets1760000200032 } from './sms-budget/sms-budget.migration.js';
import { UsualUse1760000200023 } from './usual-use/usual-use.migration.js';

/** The tables of the room: present state in rows that change, histories and audit in rows that never do. */

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

/** Restrictions, the status feed for gateways, and an audit that can be read by integration. */
export class Restrictions1760000101001 implements MigrationInterface {
  name = 'Restrictions1760000101001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(RESTRICTION);
    await runner.query(ENFORCEMENT);
    await runner.query(AUDIT_BY_INTEGRATION);
    await runner.query(everOwnedPolicy('restriction'));
    await runner.query(everOwnedPolicy('audit_entry'));
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

const RESTRICTION = `
  create table restriction (
    restriction_id text primary key,
    integration_id text not null references integration,
    version integer not null check (version >= 1),
    scope text not null check (scope in ('integration', 'agreements')),
    organization_ids text[] not null,
    mode text not null check (mode in ('throttle', 'block')),
    limit_per_minute integer check (limit_per_minute >= 1),
    capability text not null,
    reason_code text not null,
    clause text not null,
    breach_id text,
    note jsonb not null,
    end_condition jsonb not null,
    imposed_by text not null,
    effective_from timestamptz not null,
    effective_until timestamptz,
    ended text check (ended in ('lifted', 'expired')),
    ended_at timestamptz,
    check ((scope = 'agreements') = (cardinality(organization_ids) between 1 and 100)),
    check ((mode = 'throttle') = (limit_per_minute is not null)),
    check (effective_until > effective_from),
    check ((ended is null) = (ended_at is null))
  );
  create index on restriction (integration_id, restriction_id collate "C");
  create index on restriction (restriction_id collate "C");
  create index on restriction (effective_until) where ended is null;
  revoke delete on restriction from taxameter_partners`;

const ENFORCEMENT = `
  -- The newest record of each integration, as it was published.
  create table enforcement (
    integration_id text primary key references integration,
    version integer not null check (version >= 1),
    revision bigint not null unique,
    is_free boolean not null,
    changed_at timestamptz not null,
    record jsonb not null
  );
  create index on enforcement (revision) where not is_free;
  -- Every place of the feed that was ever given: one that is not here was never seen, or was lost with a restore.
  create table enforcement_revision (
    revision bigint primary key,
    at timestamptz not null
  );
  create table gateway (
    name text primary key,
    revision bigint,
    asked_at timestamptz not null
  );
  revoke delete on enforcement from taxameter_partners;
  revoke update, delete on enforcement_revision from taxameter_partners`;

const AUDIT_BY_INTEGRATION = `
  alter table audit_entry add column integration_id text;
  update audit_entry set integration_id = "after" ->> 'integrationId';
  create index on audit_entry (integration_id, id) where integration_id is not null`;

export const partnersMigrations = [
  Partners1760000101000,
  Restrictions1760000101001,
  Application1760000200002,
  Observed1760000200003,
  BillingParty1760000200004,
  MasterData1760000200011,
  Contacts1760000200012,
  Approvals1760000200021,
  UsualUse1760000200023,
  Answers1760000200024,
  Effects1760000200026,
  OpenedBySystem1760000200027,
  WordsOutOfAudit1760000200028,
  SmsBudgets1760000200032,
];
