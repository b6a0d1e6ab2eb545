import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the calls of an integration show to the person who reviews it. */
export class Observation1760000200001 implements MigrationInterface {
  name = 'Observation1760000200001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLES);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

// A day is whole days since 1970, a minute whole minutes, both UTC.
const TABLES = `
  create table observed_integration (
    integration_id text primary key,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    calls bigint not null check (calls > 0),
    published_version integer not null default 0,
    published_calls bigint not null default 0,
    published_at timestamptz
  );
  -- What has calls that nobody was told of.
  create index observed_unpublished on observed_integration (integration_id) where calls > published_calls;

  create table observed_day (
    integration_id text not null,
    day integer not null,
    calls bigint not null,
    public_calls bigint not null,
    personal_calls bigint not null,
    write_calls bigint not null,
    client_errors bigint not null,
    forbidden bigint not null,
    token_calls bigint not null,
    other_auth_calls bigint not null,
    sweeps bigint not null,
    changes_since_sweeps bigint not null,
    later_pages bigint not null,
    small_later_pages bigint not null,
    throttled_calls bigint not null,
    sms_calls bigint not null,
    primary key (integration_id, day)
  );

  -- Rows and not a sum: how many minutes had a 429 cannot be added up over batches.
  create table observed_throttled_minute (
    integration_id text not null,
    minute integer not null,
    agreement_id text not null,
    primary key (integration_id, minute, agreement_id)
  );

  create table observed_scope (
    integration_id text not null,
    scope text not null,
    last_day integer not null,
    primary key (integration_id, scope)
  );

  create table observed_agreement (
    integration_id text not null,
    agreement_id text not null,
    first_seen_at timestamptz not null,
    version integer not null check (version >= 1),
    primary key (integration_id, agreement_id)
  );`;
