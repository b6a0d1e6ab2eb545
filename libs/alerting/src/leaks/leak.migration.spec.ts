import { migrateRoom, openRoom } from '@taxameter/platform';
import { createTestDatabase } from '@taxameter/platform/testing';
import { alertingMigrations } from '../alerting.migration.js';
import { Leaks1760000200030 } from './leak.migration.js';

it('alerts that were there are of breaches, and subscriptions that were there hear of leaks too', async () => {
  const { url, drop } = await createTestDatabase();
  const earlier = alertingMigrations.slice(0, alertingMigrations.indexOf(Leaks1760000200030));
  const before = { name: 'alerting', migrations: earlier };
  try {
    await migrateRoom(url, before);
    const old = await openRoom(url, before);
    await old.query(
      `insert into alert
         (id, breach_id, sequence, version, rule_id, severity, state, integration_id, opened_at, changed_at, breach)
       values ('alr_1', 'br_1', 1, 1, 'RATE_MINUTE', 'error', 'open', 'isv_a', now(), now(), '{}')`,
    );
    await old.query(
      `insert into subscription (id, url, min_severity, language, secret, created_at, created_by)
       values ('sub_1', 'https://example.com', 'info', 'da', 'whsec_x', now(), 'tok_1')`,
    );
    await old.destroy();
    await migrateRoom(url, { ...before, migrations: alertingMigrations });
    const room = await openRoom(url, before);
    expect(await room.query('select id, kind, resolution from alert')).toEqual([
      { id: 'alr_1', kind: 'breach', resolution: null },
    ]);
    expect(await room.query('select kinds from subscription')).toEqual([{ kinds: ['breach', 'leak'] }]);
    await expect(room.query("update alert set kind = 'leak'")).rejects.toThrow('check constraint');
    await expect(room.query('delete from alert')).rejects.toThrow('permission denied');
    await room.destroy();
  } finally {
    await drop();
  }
});
