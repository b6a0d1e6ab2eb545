import { Outbound1760000002000 } from '@taxameter/platform';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Grouping1760000400012 } from './grouping/grouping.migration.js';
import { Leaks1760000200030 } from './leaks/leak.migration.js';
import { News1760000400010 } from './news/news.migration.js';
import { Email1760000400011 } from './subscriptions/email.migration.js';

/** Alerts, and who wants to hear of them. */
class Alerting1760000101000 implements MigrationInterface {
  name = 'Alerting1760000101000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- The last sequence number given out. Locked by whoever draws one until its commit, so that numbers become visible in
      -- their order and a reader who has seen 7 has missed nothing below it. A PostgreSQL sequence does not promise that.
      create table alert_head (
        only_row boolean primary key default true check (only_row),
        last_sequence bigint not null
      );
      insert into alert_head (last_sequence) values (0);

      create table alert (
        id text primary key,
        breach_id text not null unique,
        -- Grows with every change of any alert: the id of the event in the live stream.
        sequence bigint not null unique,
        version integer not null,
        rule_id text not null,
        severity text not null check (severity in ('info', 'warning', 'error', 'critical')),
        state text not null check (state in ('open', 'resolved')),
        integration_id text not null,
        opened_at timestamptz not null,
        changed_at timestamptz not null,
        -- The fact as it was published, whole.
        breach jsonb not null
      );
      create index alert_newest on alert (opened_at desc, id desc);
      create index alert_integration on alert (integration_id, opened_at desc, id desc);

      create table subscription (
        id text primary key,
        url text not null,
        min_severity text not null check (min_severity in ('info', 'warning', 'error', 'critical')),
        rules text[],
        integration_ids text[],
        language text not null check (language in ('da', 'en')),
        -- In the clear, because signing needs them. Emptied when the subscription is removed.
        secret text not null,
        previous_secret text,
        previous_secret_until timestamptz,
        created_at timestamptz not null,
        created_by text not null,
        disabled_at timestamptz,
        disabled_reason text,
        removed_at timestamptz,
        removed_by text,
        check ((previous_secret is null) = (previous_secret_until is null)),
        check (removed_at is null or (secret = '' and previous_secret is null))
      );`);
    await runner.query(`
      do $$ begin
        execute format('revoke delete on alert, alert_head, subscription from %I', 'taxameter_' || current_schema());
      end $$`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}

export const alertingMigrations = [
  Outbound1760000002000,
  Alerting1760000101000,
  Leaks1760000200030,
  News1760000400010,
  Email1760000400011,
  Grouping1760000400012,
];
