import { partnerPolicy } from '@taxameter/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The bytes of issued documents: stored once, never drawn again, never changed. */
export class Documents1760000300005 implements MigrationInterface {
  name = 'Documents1760000300005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table document (
        document_id text collate "C" primary key,
        invoice_id text collate "C" not null references invoice,
        partner_id text collate "C" not null,
        kind text not null check (kind in ('invoice', 'statement')),
        media_type text not null,
        bytes bytea not null,
        sha256 text not null check (sha256 = encode(sha256(bytes), 'hex')),
        drawn_at timestamptz not null,
        unique (invoice_id, kind)
      );
      -- PDF is compressed already: trying again costs time at each write.
      alter table document alter column bytes set storage external;
      ${partnerPolicy('document')};
      revoke update, delete on document from taxameter_billing`);
  }

  async down(): Promise<void> {
    // Forward only: documents are kept by law.
  }
}
