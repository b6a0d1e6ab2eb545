import type { MigrationInterface, QueryRunner } from 'typeorm';

/** SMS of each integration and quarter, the budgets set for them, and what was told of both. */
export class SmsBudgets1760000200031 implements MigrationInterface {
  name = 'SmsBudgets1760000200031';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table sms_count (
        integration_id text not null,
        quarter text not null,
        partition integer not null,
        messages bigint not null check (messages >= 0),
        primary key (integration_id, quarter, partition)
      );
      create table sms_budget (
        integration_id text primary key,
        version integer not null,
        messages_per_quarter integer check (messages_per_quarter > 0),
        stops_at_limit boolean not null
      );
      create table sms_budget_told (
        integration_id text not null,
        quarter text not null,
        version integer not null,
        budget_version integer not null,
        reached_percent integer not null,
        primary key (integration_id, quarter)
      );
      revoke delete, truncate on sms_count, sms_budget, sms_budget_told from taxameter_fair_use`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
