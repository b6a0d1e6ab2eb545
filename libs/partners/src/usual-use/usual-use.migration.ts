import type { MigrationInterface, QueryRunner } from 'typeorm';
import { READER } from '../integration/ever-owned-policy.js';

/** Normal use of each integration as fair-use last told it; for our own people, who weigh what a restriction would do. */
export class UsualUse1760000200023 implements MigrationInterface {
  name = 'UsualUse1760000200023';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table usual_use (integration_id text primary key, profile jsonb not null);
      alter table usual_use enable row level security;
      create policy own_rows on usual_use using (${READER} = '')`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
