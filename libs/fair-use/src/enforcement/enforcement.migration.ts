import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Blocks that are watched, with what the calls said of them. A few rows; those that are over stay as what was observed. */
export class Enforcement1760000200025 implements MigrationInterface {
  name = 'Enforcement1760000200025';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table enforcement_watch (
        restriction_id text primary key,
        integration_id text not null,
        organization_ids text[] not null,
        capability text not null,
        -- Milliseconds since 1970, minutes since 1970.
        since_ms bigint not null,
        until_ms bigint,
        version integer not null check (version >= 1),
        refused bigint not null default 0,
        let_through bigint not null default 0,
        -- [second since 1970, calls]: at most those of some seconds.
        pending jsonb not null,
        first_let_through_ms bigint,
        last_let_through_ms bigint,
        last_call_ms bigint,
        told_minute integer not null,
        check ((let_through = 0) = (first_let_through_ms is null))
      );
      create index on enforcement_watch (integration_id);
      revoke delete on enforcement_watch from taxameter_fair_use;`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
