import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The few fields of partners, integrations and agreements that an invoice needs, each with the version it
 * came with.
 */
export class MasterData1760000300002 implements MigrationInterface {
  name = 'MasterData1760000300002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table billing_partner (
        partner_id text collate "C" primary key,
        version bigint not null,
        name text not null,
        cvr text,
        vat_number text,
        address jsonb,
        email text
      );
      create table billing_integration (
        integration_id text collate "C" primary key,
        version bigint not null,
        name text not null,
        ownership jsonb not null,
        status jsonb not null
      );
      create table billing_agreement (
        integration_id text collate "C" not null,
        organization_id text collate "C" not null,
        version bigint not null,
        name text,
        primary key (integration_id, organization_id)
      )`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
