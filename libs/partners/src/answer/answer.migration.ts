import type { MigrationInterface, QueryRunner } from 'typeorm';
import { everOwnedPolicy } from '../integration/ever-owned-policy.js';

/** Takes persons and words out of what cannot be rewritten and of the answers kept for a repeated command. */
export class WordsOutOfAudit1760000200028 implements MigrationInterface {
  name = 'WordsOutOfAudit1760000200028';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      update audit_entry set "before" = "before" - 'details' - 'note', "after" = "after" - 'details' - 'note'
        where subject like 'application|%';
      update audit_entry set "before" = "before" - 'text' - 'answer', "after" = "after" - 'text' - 'answer'
        where subject like 'answer|%'`);
    // The table is the platform's: a schema that is only migrated, and never served, lacks it.
    const { schema } = (
      await runner.manager.query<[{ schema: string }]>('select current_schema() as schema')
    )[0];
    if (!(await runner.hasTable(`${schema}.idempotency_key`))) return;
    await runner.query(`
      update idempotency_key set answer = answer - 'details' - 'note' where route like 'POST /v1/%/applications'
        or route like 'POST /v1/applications%';
      update idempotency_key set answer = answer - 'text' - 'answer'
        where route in ('POST /v1/restrictions/:restrictionId/replies', 'POST /v1/restrictions/:restrictionId/answers')`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

/** What was said about restrictions. Nothing that was said is changed afterwards. */
export class Answers1760000200024 implements MigrationInterface {
  name = 'Answers1760000200024';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table restriction_answer (
        restriction_id text not null references restriction,
        version integer not null check (version >= 1),
        integration_id text not null references integration,
        kind text not null check (kind in ('reply', 'mended', 'objection', 'answer')),
        said text,
        answer jsonb,
        at timestamptz not null,
        said_by text not null,
        said_by_role text not null,
        answer_due_at timestamptz,
        primary key (restriction_id, version),
        check ((kind = 'answer') = (answer is not null)),
        check ((kind = 'answer') = (said is null)),
        check ((kind = 'answer') = (answer_due_at is null))
      );
      create index on restriction_answer (answer_due_at, restriction_id collate "C") where answer_due_at is not null;
      revoke update, delete on restriction_answer from taxameter_partners;`);
    await runner.query(everOwnedPolicy('restriction_answer'));
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
