import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Policies as versions, since when integrations have been active, and cases that rules in shadow find. */
export class Policies1760000200080 implements MigrationInterface {
  name = 'Policies1760000200080';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(VERSIONS);
    await runner.query(BEGUN);
    await runner.query(SHADOW);
  }

  async down(): Promise<void> {
    // Forward only: a case names the version that judged it.
  }
}

// Version 3 is in the code and has no row. The function waits for who is just deciding a new version, and keeps the next one
// waiting until the transaction ends: see policy-book.service.ts. The lock is taken before the table is read, which one statement
// cannot promise.
const VERSIONS = `
  create table policy_version (
    version integer primary key check (version > 3),
    effective_from timestamptz not null,
    -- Not jsonb, which sorts the keys: people read it in the order in which they wrote it.
    document json not null,
    who text not null,
    why text not null,
    created_at timestamptz not null
  );
  revoke update, delete on policy_version from taxameter_fair_use;

  create function newest_policy_version() returns integer language plpgsql volatile as $$
    begin
      perform pg_advisory_xact_lock_shared(7340011, hashtext(current_schema()));
      return (select max(version) from policy_version);
    end
  $$`;

const BEGUN = `
  create table integration_begun (
    integration_id text primary key,
    first_active_at timestamptz not null
  )`;

const SHADOW = `
  alter policy own_rows on breach using (
    coalesce(current_setting('taxameter.partner', true), '') = ''
    or not starts_with(breach_key, 'shadow:') and exists (
      select from integration_owner as owner
      where owner.integration_id = breach.integration_id
        and owner.partner_id = current_setting('taxameter.partner', true)
        and owner.valid_from < breach.window_end
        and (owner.valid_to is null or breach.window_end <= owner.valid_to)
    )
  )`;
