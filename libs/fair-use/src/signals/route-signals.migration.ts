import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What more the rules see of a route's minute; of minutes counted before, that nothing more was seen. */
export class RouteSignals1760000200072 implements MigrationInterface {
  name = 'RouteSignals1760000200072';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table signal_route_minute
        add column list_calls bigint not null default 0,
        add column item_reads jsonb not null default '{}',
        add column small_pages bigint not null default 0,
        add column deepest_small_page bigint not null default 0,
        add column equal_answers jsonb not null default '{}',
        drop constraint signal_route_minute_sweeps_check,
        add constraint signal_route_minute_sweeps_check check (
          unfiltered_sweeps >= 0 and changes_since_sweeps >= 0
          and (unfiltered_sweeps + changes_since_sweeps + list_calls > 0 or item_reads <> '{}' or equal_answers <> '{}')
        )`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
