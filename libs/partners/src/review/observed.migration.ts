import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What fair-use saw of integrations: the newest figures of each, and for whom it acts. */
export class Observed1760000200003 implements MigrationInterface {
  name = 'Observed1760000200003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(OBSERVED);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

// Without references: calls are seen of integrations that nobody has recorded yet, and these must be found.
const OBSERVED = `
  create table observed_integration (
    integration_id text primary key,
    version integer not null,
    observed jsonb not null
  );
  create table observed_agreement (
    integration_id text not null,
    organization_id text not null,
    version integer not null,
    first_seen_at timestamptz not null,
    primary key (integration_id, organization_id)
  );
  alter table observed_agreement enable row level security;
  create policy own_rows on observed_agreement using (
    coalesce(current_setting('taxameter.partner', true), '') = '' or exists (
      select from integration_owner owner
      where owner.integration_id = observed_agreement.integration_id
        and owner.partner_id = current_setting('taxameter.partner', true)))`;
