import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What more the rules see of a pair's minute; of minutes counted before, that nothing more was seen. */
export class PairSignals1760000200071 implements MigrationInterface {
  name = 'PairSignals1760000200071';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table signal_pair_minute
        add column wait_slots integer[] not null default '{}' check (cardinality(wait_slots) in (0, 24)),
        add column in_flight_by_slot integer[] not null default '{}' check (cardinality(in_flight_by_slot) in (0, 12)),
        add column blocked_calls bigint not null default 0`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
