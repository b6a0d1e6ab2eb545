import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The reading side of the event log: every room that consumes has these tables in its own schema. */
export class EventLog1760000000000 implements MigrationInterface {
  name = 'EventLog1760000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table consumer_position (
        topic text not null,
        partition integer not null,
        next_offset bigint not null check (next_offset >= 0),
        primary key (topic, partition)
      );

      create table consumer_accounting (
        topic text not null,
        partition integer not null,
        from_offset bigint not null,
        to_offset bigint not null,
        kind text not null check (kind in ('log', 'replay')),
        read integer not null,
        counted integer not null,
        duplicate integer not null,
        quarantined integer not null,
        ignored integer not null,
        committed_at timestamptz not null,
        primary key (topic, partition, from_offset, kind),
        check (to_offset > from_offset),
        check (read = counted + duplicate + quarantined + ignored)
      );

      create table quarantine (
        topic text not null,
        partition integer not null,
        "offset" bigint not null,
        index integer not null,
        reason text not null,
        field text not null,
        detail text not null,
        bytes bytea not null,
        appended_at timestamptz not null,
        quarantined_at timestamptz not null,
        primary key (topic, partition, "offset", index)
      );

      -- Identities of API calls: partitioned by UTC day of event time, so that old days are dropped whole.
      create table seen_call (
        day date not null,
        identity uuid not null,
        primary key (day, identity)
      ) partition by range (day);

      -- Identities of SMS, for ever: this table is why an SMS can never be billed twice.
      create table seen_message (
        message_id text primary key,
        body_hash uuid not null
      );

      create table seen_version (
        topic text not null,
        key text not null,
        version bigint not null,
        primary key (topic, key)
      );

      create table outbox (
        id bigint generated always as identity primary key,
        topic text not null,
        key text not null,
        event text not null,
        created_at timestamptz not null
      );

      -- Runs as the owner, because the room's role may not create tables. ATTACH does not wait for open batches.
      create function ensure_seen_call_day(wanted date) returns void language plpgsql security definer as $$
      declare
        child text := 'seen_call_' || to_char(wanted, 'YYYYMMDD');
      begin
        perform pg_advisory_xact_lock(7340001, hashtext(current_schema() || child));
        if to_regclass(child) is null then
          execute format('create table %I (like seen_call including all)', child);
          execute format('alter table seen_call attach partition %I for values from (%L) to (%L)',
                         child, wanted, wanted + 1);
        end if;
      end $$;
    `);
    await runner.query(`
      do $$ begin
        execute format('alter function ensure_seen_call_day(date) set search_path = %I', current_schema());
        execute format('revoke update, delete on consumer_accounting from %I', 'taxameter_' || current_schema());
      end $$`);
  }

  async down(): Promise<void> {
    // Forward only: identities and accounting are never thrown away by a migration.
  }
}
