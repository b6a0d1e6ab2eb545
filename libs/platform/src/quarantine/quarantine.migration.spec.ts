import pg from 'pg';
import { migrateRoom } from '../database/room-database.service.js';
import { EventLog1760000000000 } from '../event-log/event-log.migration.js';
import { createTestDatabase } from '../testing/index.js';
import { Quarantine1760000003000 } from './quarantine.migration.js';

it('a quarantine of before decisions is open, and knows which events had claimed their identity', async () => {
  const { url, drop } = await createTestDatabase();
  const client = new pg.Client({ connectionString: url });
  try {
    await migrateRoom(url, { name: 'old', migrations: [EventLog1760000000000] });
    await client.connect();
    await client.query(`
      set search_path = old;
      insert into quarantine values
        ('t', 0, 0, 0, 'too_late', 'time', '', '', '2026-10-05', '2026-10-05'),
        ('t', 0, 1, 0, 'said_by_the_room', '', '', '', '2026-10-05', '2026-10-05');
      insert into consumer_accounting values ('t', 0, 0, 2, 'log', 2, 0, 0, 2, 0, '2026-10-05')`);
    await migrateRoom(url, { name: 'old', migrations: [EventLog1760000000000, Quarantine1760000003000] });
    const { rows } = await client.query(
      'select reason, state, claimed, key from quarantine order by "offset"',
    );
    expect(rows).toEqual([
      { reason: 'too_late', state: 'open', claimed: false, key: null },
      { reason: 'said_by_the_room', state: 'open', claimed: true, key: null },
    ]);
    const { rows: accounts } = await client.query('select kind, index from consumer_accounting');
    expect(accounts).toEqual([{ kind: 'log', index: -1 }]);
    const again = "insert into consumer_accounting values ('t', 0, 0, 2, 'log', 0, 0, 0, 0, 0, '2026-10-05')";
    await expect(client.query(again)).rejects.toMatchObject({ code: '23505' });
  } finally {
    await client.end();
    await drop();
  }
});
