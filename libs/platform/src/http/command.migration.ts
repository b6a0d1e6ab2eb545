import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Answers to commands that came with an `Idempotency-Key`: one table in each room that takes commands. */
export class IdempotencyKeys1760000001000 implements MigrationInterface {
  name = 'IdempotencyKeys1760000001000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table idempotency_key (
        actor text not null,
        route text not null,
        key text not null,
        request_hash text not null,
        answer jsonb,
        created_at timestamptz not null,
        primary key (actor, route, key)
      )`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

/** Old answers are looked for by age. */
export class IdempotencyKeyAge1760000007000 implements MigrationInterface {
  name = 'IdempotencyKeyAge1760000007000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create index on idempotency_key (created_at)');
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
