import type { MigrationInterface, QueryRunner } from 'typeorm';
import { READER } from '../integration/ever-owned-policy.js';

/** Whether blocks work, as fair-use last told it; for our own people. */
export class Effects1760000200026 implements MigrationInterface {
  name = 'Effects1760000200026';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table restriction_effect (
        restriction_id text primary key,
        let_through bigint not null,
        told_at timestamptz not null,
        observed jsonb not null
      );
      create index on restriction_effect (restriction_id collate "C") where let_through > 0;
      alter table restriction_effect enable row level security;
      create policy own_rows on restriction_effect using (${READER} = '')`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
