import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A billing run as an object, its partners, and who did what to it. */
export class BillingRuns1760000300003 implements MigrationInterface {
  name = 'BillingRuns1760000300003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table billing_run (
        run_id text collate "C" primary key,
        quarter text not null,
        kind text not null check (kind = 'quarterly'),
        status text not null check (status in
          ('draft', 'approved', 'issuing', 'completed', 'completed_with_errors', 'cancelled')),
        created_at timestamptz not null,
        created_by text not null,
        override_reason text,
        previewed_at timestamptz not null,
        basis jsonb not null,
        held jsonb not null,
        approved_at timestamptz,
        approved_by text,
        completed_at timestamptz,
        check (status not in ('approved', 'issuing', 'completed') or approved_at is not null)
      );
      -- Two people who press "run" at once get one run (domain case 15): the database decides who was first.
      create unique index billing_run_once on billing_run (quarter, kind) where status <> 'cancelled';

      create table billing_run_partner (
        run_id text collate "C" not null references billing_run,
        partner_id text collate "C" not null,
        name text,
        status text not null check (status in ('draft', 'approved', 'issued', 'parked', 'no_usage')),
        parked jsonb,
        warnings jsonb not null,
        counts jsonb not null,
        draft jsonb,
        judged jsonb not null,
        approved_at timestamptz,
        failure text,
        invoice_number bigint,
        primary key (run_id, partner_id),
        check ((status = 'parked') = (parked is not null)),
        check (status not in ('draft', 'approved', 'issued') or draft is not null),
        check ((status in ('approved', 'issued')) = (approved_at is not null)),
        check ((status = 'issued') = (invoice_number is not null))
      );

      create table audit (
        id bigint generated always as identity primary key,
        at timestamptz not null,
        actor text not null,
        action text not null,
        subject text not null,
        detail jsonb not null
      );
      revoke update, delete on audit from taxameter_billing`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
