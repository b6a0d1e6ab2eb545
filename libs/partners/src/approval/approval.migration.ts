import type { MigrationInterface, QueryRunner } from 'typeorm';
import { READER } from '../integration/ever-owned-policy.js';

/** What waits for a second person. A partner sees nothing of it, not even that there is something. */
export class Approvals1760000200021 implements MigrationInterface {
  name = 'Approvals1760000200021';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table approval (
        approval_id text primary key,
        integration_id text not null references integration,
        state text not null check (state in ('pending', 'approved', 'declined', 'expired')),
        asked_at timestamptz not null,
        expires_at timestamptz not null check (expires_at > asked_at),
        body jsonb not null
      );
      create index on approval (approval_id collate "C");
      create index on approval (integration_id, asked_at);
      create index on approval (expires_at) where state = 'pending';
      revoke delete on approval from taxameter_partners;
      alter table approval enable row level security;
      create policy own_rows on approval using (${READER} = '');
      alter policy own_rows on audit_entry using (
        ${READER} = '' or (subject not like 'approval|%' and exists (
          select from integration_owner owner
          where owner.integration_id = audit_entry.integration_id and owner.partner_id = ${READER})));
      alter table restriction add column approval_id text;`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
