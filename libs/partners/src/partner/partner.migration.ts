import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The master data that an e-invoice needs, and an audit in which a partner finds its own changes. */
export class MasterData1760000200011 implements MigrationInterface {
  name = 'MasterData1760000200011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table partner
        add column street2 text check (street2 is null or street is not null),
        add column gln text check (gln ~ '^[0-9]{13}$'),
        add column order_number text,
        add column buyer_reference text,
        add column delivery text not null default 'email' check (delivery in ('email', 'e_invoice', 'both'));
      -- What a partner changes itself is audited in its own transaction; what it was is read back from there.
      create policy own_partner on audit_entry using (
        coalesce(current_setting('taxameter.partner', true), '') <> ''
        and subject = 'partner|' || current_setting('taxameter.partner', true))`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
