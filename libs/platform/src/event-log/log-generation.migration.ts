import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Offsets are of one log. Where a topic was made anew they begin at 0 again, and the keys must tell the two apart. */
export class LogGeneration1760000005000 implements MigrationInterface {
  name = 'LogGeneration1760000005000';

  async up(runner: QueryRunner): Promise<void> {
    // The default is constant: no row is rewritten.
    await runner.query(`
      alter table consumer_position
        add column log_generation integer not null default 0 check (log_generation >= 0);

      alter table consumer_accounting
        add column log_generation integer not null default 0 check (log_generation >= 0),
        drop constraint consumer_accounting_pkey,
        add primary key (topic, partition, log_generation, from_offset, kind, index);

      alter table quarantine
        add column log_generation integer not null default 0 check (log_generation >= 0),
        drop constraint quarantine_pkey cascade,
        add primary key (topic, partition, log_generation, "offset", index);
      drop index quarantine_found;
      create index quarantine_found on quarantine
        (state, topic, reason, partition, log_generation, "offset", index);

      drop index quarantine_decision_of;
      drop index quarantine_replayed_once;
      alter table quarantine_decision
        add column log_generation integer not null default 0,
        add foreign key (topic, partition, log_generation, "offset", index) references quarantine;
      create index quarantine_decision_of on quarantine_decision
        (topic, partition, log_generation, "offset", index, id);
      create unique index quarantine_replayed_once on quarantine_decision
        (topic, partition, log_generation, "offset", index) where decision = 'replayed';

      -- What a person decided at a gap: the position went on from one place to another without reading what lay between.
      create table consumer_decision (
        id bigint generated always as identity primary key,
        topic text not null,
        partition integer not null,
        kind text not null check (kind in ('skip-lost', 'new-log')),
        from_generation integer not null,
        from_offset bigint not null,
        to_generation integer not null,
        to_offset bigint not null,
        log_begin bigint not null,
        log_end bigint not null,
        -- Offsets that were given up. What the old log held beyond the position is not known and not in it.
        skipped bigint generated always as
          (case kind when 'skip-lost' then to_offset - from_offset else to_offset end) stored check (skipped >= 0),
        decided_at timestamptz not null,
        actor_id text not null,
        actor_name text not null,
        reason text not null check (reason <> ''),
        -- A position is left once.
        unique (topic, partition, from_generation, from_offset),
        check (to_generation = from_generation + (kind = 'new-log')::integer)
      );
    `);
    await runner.query(`
      do $$ begin
        execute format('revoke update, delete on consumer_decision from %I', 'taxameter_' || current_schema());
      end $$`);
  }

  async down(): Promise<void> {
    // Forward only: what was decided is never forgotten.
  }
}
