import { migrateRoom, openRoom } from '@taxameter/platform';
import { createTestDatabase } from '@taxameter/platform/testing';
import { Partners1760000101000, partnersMigrations } from './partners.migration.js';

it('what was audited before there was a timeline is on it', async () => {
  const { url, drop } = await createTestDatabase();
  const before = { name: 'partners', migrations: [Partners1760000101000] };
  try {
    await migrateRoom(url, before);
    const old = await openRoom(url, before);
    await old.query(
      `insert into audit_entry (at, actor_id, actor_role, action, subject, "after")
       values (now(), 'tok_1', 'ops', 'integration_created', 'integration|isv_a', '{"integrationId": "isv_a"}'),
              (now(), 'tok_1', 'ops', 'partner_created', 'partner|par_a', '{"partnerId": "par_a"}')`,
    );
    await old.destroy();
    await migrateRoom(url, { ...before, migrations: partnersMigrations });
    const room = await openRoom(url, before);
    const rows = await room.query('select subject, integration_id from audit_entry order by id');
    expect(rows).toEqual([
      { subject: 'integration|isv_a', integration_id: 'isv_a' },
      { subject: 'partner|par_a', integration_id: null },
    ]);
    await expect(room.query("update audit_entry set integration_id = 'x'")).rejects.toThrow(
      'permission denied',
    );
    await room.destroy();
  } finally {
    await drop();
  }
});
