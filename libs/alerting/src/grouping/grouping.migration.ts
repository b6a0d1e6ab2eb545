import type { MigrationInterface, QueryRunner } from 'typeorm';

/** News may wait for what belongs with them. Subscriptions that were there are told each piece at once, as before. */
export class Grouping1760000400012 implements MigrationInterface {
  name = 'Grouping1760000400012';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table subscription
        add column group_wait_ms integer check (group_wait_ms >= 0),
        add column group_interval_ms integer check (group_interval_ms >= 0),
        add check ((group_wait_ms is null) = (group_interval_ms is null));
      alter table notice
        -- Since when it waits to be put into a message; null: it does not.
        add column waiting_since timestamptz,
        add column told_at timestamptz,
        -- Named in a message about a storm.
        add column is_folded boolean not null default false,
        add check (waiting_since is null or (muted is null and delivery_id is null and told_at is null));
      update notice set told_at = alert_news.at from alert_news
        where alert_news.sequence = notice.sequence and notice.muted is null;
      create index notice_waiting on notice (subscription_id) where waiting_since is not null;
      create index notice_told on notice (subscription_id, told_at);
      create index notice_delivery on notice (delivery_id);`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
