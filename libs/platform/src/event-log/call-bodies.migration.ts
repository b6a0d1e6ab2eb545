import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The hash of a call's body beside its identity, where bodies are compared (ADR 0012). Null elsewhere, and for calls from before. */
export class CallBodies1760000006012 implements MigrationInterface {
  name = 'CallBodies1760000006012';

  async up(runner: QueryRunner): Promise<void> {
    // Without a default no row of any day is rewritten.
    await runner.query('alter table seen_call add column body_hash uuid');
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
