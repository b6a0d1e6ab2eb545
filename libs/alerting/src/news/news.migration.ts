import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What alerts had to tell is kept, not only their newest state, and with it who was told. Subscriptions can be changed, by agreement
 * too, and hear that a breach is over. Of alerts that were there the newest state stands for what was told of them.
 */
export class News1760000400010 implements MigrationInterface {
  name = 'News1760000400010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table alert_news (
        sequence bigint primary key,
        alert_id text not null references alert (id),
        kind text not null check (kind in ('breach', 'leak')),
        news text not null check (news in ('opened', 'escalated', 'resolved')),
        at timestamptz not null,
        -- The breach as it was published, without evidence; or the leak as it was judged.
        fact jsonb not null
      );
      create index alert_news_alert on alert_news (alert_id, sequence);
      create index alert_news_at on alert_news (at);

      create table notice (
        subscription_id text not null,
        sequence bigint not null references alert_news (sequence),
        alert_id text not null,
        -- Why it was not told; null: it was, by the delivery.
        muted text,
        delivery_id text,
        primary key (subscription_id, sequence),
        check (muted is null or delivery_id is null)
      );
      create index notice_alert on notice (alert_id);

      insert into alert_news (sequence, alert_id, kind, news, at, fact)
      select sequence, id, kind, case state when 'open' then 'opened' else 'resolved' end, changed_at,
        case kind when 'breach' then breach || '{"evidence": []}' else jsonb_build_object(
          'episode', episode, 'state', state, 'resolution', resolution, 'observed', observed) end
      from alert where kind = 'leak' or breach ->> 'retroactive' = 'false';
      insert into notice (subscription_id, sequence, alert_id, delivery_id)
      select distinct on (delivery.target, alert_news.sequence)
        delivery.target, alert_news.sequence, alert_news.alert_id, delivery.id
      from alert_news join outbound_delivery delivery on delivery.subject = alert_news.alert_id
      order by delivery.target, alert_news.sequence, delivery.created_at desc;

      alter table subscription
        add column version integer not null default 1,
        add column organization_ids text[],
        drop constraint subscription_kinds_check,
        add constraint subscription_kinds_check
          check (kinds <@ '{breach,breach_resolved,leak}' and cardinality(kinds) >= 1);`);
    await runner.query(`
      do $$ begin
        execute format('revoke update, delete on alert_news from %I', 'taxameter_' || current_schema());
        execute format('revoke delete on notice from %I', 'taxameter_' || current_schema());
      end $$`);
  }

  async down(): Promise<void> {
    // Forward only.
  }
}
