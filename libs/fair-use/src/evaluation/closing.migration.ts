import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Minutes that rules which more calls can appease have yet to judge. Beside the dirty minutes and not among
 * them: those are judged at once, and must never queue behind what waits for the log's time to go on.
 */
export class Closing1760000200042 implements MigrationInterface {
  name = 'Closing1760000200042';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table unclosed_minute (
        integration_id text not null,
        minute integer not null,
        agreement_id text not null,
        appended_at timestamptz not null,
        primary key (integration_id, minute, agreement_id)
      );
      create index unclosed_minute_oldest on unclosed_minute (minute)`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
