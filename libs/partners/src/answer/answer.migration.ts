import type { MigrationInterface, QueryRunner } from 'typeorm';
import { everOwnedPolicy } from '../integration/ever-owned-policy.js';

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
