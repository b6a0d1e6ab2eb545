import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was published of the calls of an integration and quarter: how many there were, and when it was told. */
export class CallTotals1760000100032 implements MigrationInterface {
  name = 'CallTotals1760000100032';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table call_total (
        integration integer not null,
        quarter text not null,
        calls bigint not null check (calls > 0),
        published_at timestamptz not null,
        primary key (integration, quarter)
      );
      revoke delete, truncate on call_total from taxameter_metering`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
