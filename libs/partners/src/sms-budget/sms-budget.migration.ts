import type { MigrationInterface, QueryRunner } from 'typeorm';
import { everOwnedPolicy } from '../integration/ever-owned-policy.js';

/** SMS budgets, how far each is used up as fair-use last told it, and the restriction by which it stops SMS. */
export class SmsBudgets1760000200032 implements MigrationInterface {
  name = 'SmsBudgets1760000200032';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table sms_budget (
        integration_id text primary key references integration,
        version integer not null check (version >= 1),
        partner_id text not null references partner,
        messages_per_quarter integer check (messages_per_quarter > 0),
        stops_at_limit boolean not null
      );
      create table sms_budget_standing (
        integration_id text not null,
        quarter text not null,
        reached jsonb not null,
        is_used_up boolean not null,
        -- The version of the budget by which SMS were stopped: a stop that a person lifted is not imposed a second time.
        stopped_version integer,
        restriction_id text references restriction,
        primary key (integration_id, quarter)
      );
      create index on sms_budget_standing (quarter, integration_id) where is_used_up;
      revoke delete, truncate on sms_budget, sms_budget_standing from taxameter_partners;
      ${everOwnedPolicy('sms_budget')};
      ${everOwnedPolicy('sms_budget_standing')}`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
