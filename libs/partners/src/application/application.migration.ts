import { partnerPolicy } from '@taxameter/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Applications, and what was decided about them. */
export class Application1760000200002 implements MigrationInterface {
  name = 'Application1760000200002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(APPLICATION);
    await runner.query(partnerPolicy('application'));
    await runner.query(DECISION);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

/** Who opened a review is kept with it: what the system opened is not the partner's to withdraw. */
export class OpenedBySystem1760000200027 implements MigrationInterface {
  name = 'OpenedBySystem1760000200027';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table application add column opened_by_system boolean not null default false;
      update application set opened_by_system = true where exists (
        select from audit_entry
        where subject = 'application|' || application_id and action = 'application_created' and actor_role = 'system');
      alter table application alter column opened_by_system drop default`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

const APPLICATION = `
  create table application (
    application_id text primary key,
    version integer not null check (version >= 1),
    kind text not null check (kind in ('new', 'scopes')),
    state text not null check (state in ('applied', 'in-review', 'active', 'rejected', 'withdrawn')),
    partner_id text,
    integration_id text,
    details jsonb not null,
    note text,
    awaits_answer boolean not null,
    submitted_at timestamptz not null,
    decided_at timestamptz,
    -- Of the secret by which an applicant without an account asks; null where the partner applied by its token.
    secret_hash bytea,
    check (state in ('applied', 'rejected', 'withdrawn') or (partner_id is not null and integration_id is not null)),
    check (kind = 'new' or integration_id is not null),
    check ((decided_at is null) = (state in ('applied', 'in-review')))
  );
  -- An integration comes to be by one application, and one at a time asks for other scopes.
  create unique index application_one_beginning on application (integration_id) where kind = 'new';
  create unique index application_one_open on application (integration_id) where state in ('applied', 'in-review');
  create index on application (state, application_id collate "C");
  create index on application (partner_id);
  revoke delete on application from taxameter_partners`;

const DECISION = `
  create table review_decision (
    id bigint generated always as identity primary key,
    application_id text not null references application,
    decision text not null check (decision in ('approved', 'change-asked', 'rejected')),
    note text not null,
    actor_id text not null,
    at timestamptz not null,
    -- What the person had before his eyes.
    checklist jsonb not null
  );
  create index on review_decision (application_id, id);
  revoke update, delete on review_decision from taxameter_partners;
  alter table review_decision enable row level security;
  create policy own_rows on review_decision using (
    coalesce(current_setting('taxameter.partner', true), '') = ''
    or exists (select from application where application.application_id = review_decision.application_id))`;
