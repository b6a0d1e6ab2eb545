import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Of which integrations normal use was told up to which day (days since 1970, UTC). */
export class Profiles1760000200022 implements MigrationInterface {
  name = 'Profiles1760000200022';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table profiled (integration_id text primary key, day integer not null)');
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
