import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What more the rules see of a minute. Of minutes counted before it, it says 0: what was not looked at must
 * not count against anybody.
 */
export class Signals1760000200041 implements MigrationInterface {
  name = 'Signals1760000200041';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table signal_pair_minute
        add column writes bigint not null default 0,
        add column server_time_ms bigint not null default 0,
        add column client_errors bigint not null default 0,
        add column throttled bigint not null default 0,
        add column calls_by_slot integer[] not null default array_fill(0, array[12])
          check (cardinality(calls_by_slot) = 12);

      alter table signal_route_minute
        drop constraint signal_route_minute_unfiltered_sweeps_check,
        add column changes_since_sweeps bigint not null default 0,
        add constraint signal_route_minute_sweeps_check check (
          unfiltered_sweeps >= 0 and changes_since_sweeps >= 0 and unfiltered_sweeps + changes_since_sweeps > 0
        )`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
