import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What people do with cases, through which minute each was settled, and the audit of it. */
export class Handling1760000200051 implements MigrationInterface {
  name = 'Handling1760000200051';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SETTLEMENTS);
    await runner.query(HANDLING);
    await runner.query(AUDIT);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

// Whole minutes since 1970, UTC. A case answers for the minutes after the one and up to the other.
const SETTLEMENTS = `
  alter table breach add column after_minute integer;
  alter table breach add column through_minute integer check (through_minute > after_minute);
  alter table breach add constraint breach_settled_when_resolved
    check ((state = 'resolved') = (through_minute is not null));
  create index breach_of_key on breach (breach_key, after_minute);
  create index breach_settled on breach (integration_id, greatest(after_minute, through_minute));
  alter table breach_version drop constraint breach_version_change_check;
  alter table breach_version add constraint breach_version_change_check
    check (change in ('opened', 'escalated', 'revised', 'resolved', 'reopened'))`;

// A case without a row has been touched by nobody.
const HANDLING = `
  create table breach_handling (
    breach_id text primary key references breach,
    version integer not null check (version >= 0),
    state text not null check (state in ('open', 'acknowledged', 'contacted', 'resolved')),
    assignee text,
    deadline timestamptz,
    snoozed_until timestamptz,
    is_false_positive boolean not null,
    contact jsonb,
    notes integer not null check (notes >= 0),
    false_positives integer not null check (false_positives >= 0),
    check (not is_false_positive or state = 'resolved')
  );
  create index on breach_handling (assignee) where assignee is not null;
  revoke delete on breach_handling from taxameter_fair_use;
  alter table breach_handling enable row level security;
  create policy own_rows on breach_handling using (
    coalesce(current_setting('taxameter.partner', true), '') = ''
    or exists (select from breach where breach.breach_id = breach_handling.breach_id)
  );

  -- Names and words of our own people, by the step in which they were written: here and nowhere else, so that they can be
  -- erased. No partner reads them.
  create table breach_words (
    breach_id text not null references breach,
    version integer not null check (version >= 1),
    assignee text,
    note text,
    primary key (breach_id, version)
  );
  alter table breach_words enable row level security;
  create policy own_rows on breach_words using (coalesce(current_setting('taxameter.partner', true), '') = '')`;

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
    reason text,
    integration_id text
  );
  create index on audit_entry (subject, id);
  create index on audit_entry (integration_id, id) where integration_id is not null;
  revoke update, delete on audit_entry from taxameter_fair_use;
  alter table audit_entry enable row level security;
  create policy own_rows on audit_entry using (
    coalesce(current_setting('taxameter.partner', true), '') = ''
    or (action not in ('breach_assigned', 'breach_snoozed', 'breach_noted')
      and exists (select from breach where breach.breach_id = split_part(audit_entry.subject, '|', 2)))
  )`;
