import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many of the SMS were in test mode. Of those counted before nobody knows it here: a budget counts them as any other. */
export class SmsTestCounts1760000100033 implements MigrationInterface {
  name = 'SmsTestCounts1760000100033';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table sms_total
        add column test_count bigint not null default 0 check (test_count between 0 and count)`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
