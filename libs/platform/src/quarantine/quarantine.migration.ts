import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a person decides about quarantined events, and the account of events that were handed over again. */
export class Quarantine1760000003000 implements MigrationInterface {
  name = 'Quarantine1760000003000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table quarantine
        add column state text not null default 'open' check (state in ('open', 'replayed', 'discarded')),
        -- The record's key: the identity of a fact. Rows of before this migration do not have it.
        add column key text,
        -- Refused by the handler after its identity was claimed: no other copy of it was counted or will be.
        add column claimed boolean not null default false;

      update quarantine set claimed = true where reason not in (
        'not_json', 'not_a_batch', 'not_an_event', 'unknown_type', 'breaks_schema', 'wrong_topic', 'too_late',
        'in_the_future', 'conflicting_duplicate', 'refused_by_database');

      create index quarantine_newest on quarantine (state, quarantined_at desc);
      create index quarantine_found on quarantine (state, topic, reason, partition, "offset", index);

      create table quarantine_decision (
        id bigint generated always as identity primary key,
        topic text not null,
        partition integer not null,
        "offset" bigint not null,
        index integer not null,
        decision text not null check (decision in ('replayed', 'still_bad', 'discarded', 'reopened')),
        decided_at timestamptz not null,
        actor_id text not null,
        actor_name text not null,
        reason text not null check (reason <> ''),
        -- What the replay found: counted, duplicate or ignored, or why the event is still bad.
        found text not null,
        found_field text not null,
        found_detail text not null,
        foreign key (topic, partition, "offset", index) references quarantine
      );
      create index quarantine_decision_of on quarantine_decision (topic, partition, "offset", index, id);
      create unique index quarantine_replayed_once on quarantine_decision (topic, partition, "offset", index)
        where decision = 'replayed';

      -- A log row is of a range (index -1), a replay row of one event: its offset and its index in the record.
      alter table consumer_accounting
        add column index integer not null default -1,
        drop constraint consumer_accounting_pkey,
        add primary key (topic, partition, from_offset, kind, index),
        add check ((kind = 'log') = (index = -1)),
        add check (kind = 'log' or (read = 1 and quarantined = 0));
    `);
    await runner.query(`
      do $$ begin
        execute format('revoke update, delete on quarantine_decision from %I', 'taxameter_' || current_schema());
        execute format('revoke update on quarantine from %I', 'taxameter_' || current_schema());
        execute format('grant update (state) on quarantine to %I', 'taxameter_' || current_schema());
      end $$`);
  }

  async down(): Promise<void> {
    // Forward only: decisions are never thrown away by a migration.
  }
}
