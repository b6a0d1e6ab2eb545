import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How near integrations came to their limits, day by day, as it was measured when somebody asked. */
export class Standing1760000200091 implements MigrationInterface {
  name = 'Standing1760000200091';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table standing_day (
        integration_id text not null,
        -- The minute in which the day begins, since 1970, UTC.
        starts integer not null,
        policy_version integer not null,
        -- What was counted on the day and on the one before: when it is another, the day is measured anew.
        counted text not null,
        reached jsonb not null,
        primary key (integration_id, starts)
      );
      alter table standing_day enable row level security;
      create policy own_rows on standing_day using (coalesce(current_setting('taxameter.partner', true), '') = '');

      -- Blocked calls are in no hour, and are rare: they are found without going through all minutes of an integration.
      create index signal_pair_minute_blocked on signal_pair_minute (integration_id, minute) where blocked_calls > 0`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
