import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Minutes that a rule could not judge because it threw; by them they are judged again. */
export class Unjudged1760000200096 implements MigrationInterface {
  name = 'Unjudged1760000200096';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table unjudged_minute (
        rule_id text not null,
        integration_id text not null,
        agreement_id text not null,
        minute integer not null,
        appended_at timestamptz not null,
        since timestamptz not null,
        primary key (rule_id, integration_id, agreement_id, minute)
      );
      create index unjudged_minute_since on unjudged_minute (since)`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
