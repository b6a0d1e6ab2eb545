import { migrateRoom, openRoom } from '@taxameter/platform';
import { createTestDatabase } from '@taxameter/platform/testing';
import { alertingMigrations } from '../alerting.migration.js';
import { News1760000400010 } from './news.migration.js';

it('alerts that were there are news, those who were told of them are known, and subscriptions want what they wanted', async () => {
  const { url, drop } = await createTestDatabase();
  const earlier = alertingMigrations.slice(0, alertingMigrations.indexOf(News1760000400010));
  const before = { name: 'alerting', migrations: earlier };
  try {
    await migrateRoom(url, before);
    const old = await openRoom(url, before);
    await old.query(
      `insert into alert
         (id, breach_id, sequence, version, rule_id, severity, state, integration_id, opened_at, changed_at, breach)
       select 'alr_' || n, 'br_' || n, n, 1, 'RATE_MINUTE', 'error', 'open', 'isv_a', now(), now(),
         jsonb_build_object('evidence', '[1]'::jsonb, 'retroactive', n = 2)
       from generate_series(1, 2) n`,
    );
    await old.query(
      `insert into outbound_delivery
         (id, channel, target, subject, dedup_key, payload, created_at, state, next_attempt_at)
       select 'dlv_' || n, 'webhook', 'sub_1', 'alr_1', n::text, '{}', now() + n * interval '1 s', 'delivered', null
       from generate_series(1, 2) n`,
    );
    await old.query(
      `insert into subscription (id, url, min_severity, language, secret, created_at, created_by)
       values ('sub_1', 'https://example.com', 'info', 'da', 'whsec_x', now(), 'tok_1')`,
    );
    await old.destroy();
    await migrateRoom(url, { ...before, migrations: alertingMigrations });
    const room = await openRoom(url, before);
    expect(await room.query('select sequence, alert_id, news, fact from alert_news')).toEqual([
      { sequence: 1, alert_id: 'alr_1', news: 'opened', fact: { evidence: [], retroactive: false } },
    ]);
    expect(await room.query('select subscription_id, sequence, delivery_id from notice')).toEqual([
      { subscription_id: 'sub_1', sequence: 1, delivery_id: 'dlv_2' },
    ]);
    expect(await room.query('select version, kinds, organization_ids from subscription')).toEqual([
      { version: 1, kinds: ['breach', 'leak'], organization_ids: null },
    ]);
    await expect(room.query('delete from notice')).rejects.toThrow('permission denied');
    await expect(room.query("update alert_news set news = 'opened'")).rejects.toThrow('permission denied');
    await room.destroy();
  } finally {
    await drop();
  }
});
