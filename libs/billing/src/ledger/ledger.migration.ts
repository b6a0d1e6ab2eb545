import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The ledger: every SMS that was ever accepted, for ever. Text that is ordered or compared is in collation C,
 * so that no order depends on the machine's locale.
 */
export class SmsLedger1760000300001 implements MigrationInterface {
  name = 'SmsLedger1760000300001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table sms_ledger (
        message_id text collate "C" primary key,
        integration_id text collate "C" not null,
        organization_id text collate "C" not null,
        sent_at timestamptz not null,
        quarter text not null check (quarter ~ '^20[0-9]{2}-Q[1-4]$'),
        channel text not null check (channel in ('send_sms', 'mailout_v2')),
        voucher_guid text,
        is_reminder boolean not null,
        recipient_country text collate "C" not null,
        recipient_masked text not null,
        encoding text not null check (encoding in ('GSM7', 'UCS2')),
        characters integer not null check (characters > 0),
        segments integer not null check (segments > 0),
        test_mode boolean not null,
        source text not null,
        appended_at timestamptz not null,
        partition integer not null,
        "offset" bigint not null,
        index integer not null,
        unique (partition, "offset", index)
      );
      create index sms_ledger_quarter on sms_ledger (quarter, integration_id, sent_at);
      revoke update, delete on sms_ledger from taxameter_billing;

      -- What metering counted below an offset of a partition: the ledger is held against it before an invoice
      -- is issued.
      create table metered_sms (
        partition integer not null,
        integration_id text collate "C" not null,
        quarter text not null,
        as_of_offset bigint not null,
        count bigint not null check (count >= 0),
        sum_hash numeric(39) not null,
        primary key (partition, integration_id, quarter)
      )`);
  }

  async down(): Promise<void> {
    // Forward only: the ledger is the proof of what was invoiced.
  }
}
