import { partnerPolicy } from '@taxameter/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Issued invoices, the SMS behind them and their number series. What is issued is never changed or deleted.
 */
export class Invoices1760000300004 implements MigrationInterface {
  name = 'Invoices1760000300004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- A sequence would leave a gap at each rollback; a locked row does not (domain 2.1).
      create table number_series (series text primary key, next_number bigint not null);
      insert into number_series (series, next_number) values ('invoice', 100001);
      revoke insert, delete on number_series from taxameter_billing;

      create table invoice (
        invoice_id text collate "C" primary key,
        number bigint not null unique,
        run_id text collate "C" not null references billing_run,
        quarter text not null,
        kind text not null check (kind = 'quarterly'),
        partner_id text collate "C" not null,
        partner_name text not null,
        issue_date date not null,
        due_date date not null,
        issued_at timestamptz not null,
        stored_at timestamptz not null,
        sms_count bigint not null check (sms_count > 0),
        net_ore bigint not null,
        vat_ore bigint not null,
        gross_ore bigint not null,
        snapshot jsonb not null,
        unique (quarter, partner_id, kind),
        check (gross_ore = net_ore + vat_ore),
        check (due_date >= issue_date)
      );
      ${partnerPolicy('invoice')};
      revoke update, delete on invoice from taxameter_billing;

      -- The primary key is why no SMS is ever billed twice. The invoice row comes last in its transaction,
      -- with the number.
      create table billed_sms (
        message_id text collate "C" primary key references sms_ledger,
        invoice_id text collate "C" not null references invoice deferrable initially deferred,
        partner_id text collate "C" not null,
        integration_id text collate "C" not null,
        agreement_id text collate "C" not null,
        sent_at timestamptz not null,
        unit_price bigint not null check (unit_price > 0)
      );
      create index billed_sms_in_order on billed_sms (invoice_id, integration_id, sent_at, message_id);
      ${partnerPolicy('billed_sms')};
      revoke update, delete on billed_sms from taxameter_billing;

      -- Test and held SMS that a statement lists with 0. A held one may be billed by another invoice later.
      create table unbilled_sms (
        invoice_id text collate "C" not null references invoice deferrable initially deferred,
        integration_id text collate "C" not null,
        sent_at timestamptz not null,
        message_id text collate "C" not null references sms_ledger,
        partner_id text collate "C" not null,
        agreement_id text collate "C" not null,
        outcome text not null check (outcome in ('held', 'test')),
        reason text not null,
        primary key (invoice_id, integration_id, sent_at, message_id)
      );
      ${partnerPolicy('unbilled_sms')};
      revoke update, delete on unbilled_sms from taxameter_billing`);
  }

  async down(): Promise<void> {
    // Forward only: invoices are kept by law.
  }
}
