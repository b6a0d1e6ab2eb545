import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Back-tests and what they found. */
export class BackTests1760000200090 implements MigrationInterface {
  name = 'BackTests1760000200090';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table back_test (
        back_test_id text primary key,
        state text not null check (state in ('queued', 'running', 'done', 'cancelled', 'failed')),
        candidate jsonb not null,
        today jsonb not null,
        range_from timestamptz not null,
        range_to timestamptz not null check (range_to > range_from),
        created_by text not null,
        created_at timestamptz not null,
        finished_at timestamptz,
        -- Integrations that have to be judged, null before it is known, and those that were, in the order of their ids.
        integrations integer,
        judged integer not null default 0,
        last_judged text not null default '',
        cases integer not null default 0,
        error text
      );
      create index on back_test (created_at desc, back_test_id desc);
      create index on back_test (created_at) where state in ('queued', 'running');

      create table back_test_case (
        back_test_id text not null references back_test on delete cascade,
        place integer not null,
        integration_id text not null,
        rule_id text not null,
        change text not null check (change in ('new', 'gone', 'sharper', 'milder', 'same')),
        body jsonb not null,
        primary key (back_test_id, place)
      );`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
