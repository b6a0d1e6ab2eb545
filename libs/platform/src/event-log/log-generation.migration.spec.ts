import pg from 'pg';
import { migrateRoom } from '../database/room-database.service.js';
import { Quarantine1760000003000 } from '../quarantine/quarantine.migration.js';
import { createTestDatabase } from '../testing/index.js';
import { EventLog1760000000000 } from './event-log.migration.js';
import { LogGeneration1760000005000 } from './log-generation.migration.js';

it('what was kept before logs had generations is of the first, and the same offset of the next one fits beside it', async () => {
  const { url, drop } = await createTestDatabase();
  const client = new pg.Client({ connectionString: url });
  const before = [EventLog1760000000000, Quarantine1760000003000];
  try {
    await migrateRoom(url, { name: 'old', migrations: before });
    await client.connect();
    const item = `('t', 0, 0, 0, 'not_json', '', '', '', '2026-10-05', '2026-10-05')`;
    const columns =
      'topic, partition, "offset", index, reason, field, detail, bytes, appended_at, quarantined_at';
    const range = `'t', 0, 0, 1, 'log', 1, 0, 0, 1, 0, '2026-10-05', -1`;
    const decide = `insert into quarantine_decision (topic, partition, "offset", index, decision, decided_at,
      actor_id, actor_name, reason, found, found_field, found_detail)
      values ('t', 0, $1, 0, 'discarded', '2026-10-05', 'tok_1', 'ops', 'a test', '', '', '')`;
    await client.query(`
      set search_path = old;
      insert into consumer_position values ('t', 0, 1);
      insert into quarantine (${columns}) values ${item};
      insert into consumer_accounting values (${range})`);
    await client.query(decide, [0]);
    await migrateRoom(url, { name: 'old', migrations: [...before, LogGeneration1760000005000] });
    for (const table of ['consumer_position', 'consumer_accounting', 'quarantine', 'quarantine_decision']) {
      const { rows } = await client.query(`select log_generation from ${table}`);
      expect([table, rows]).toEqual([table, [{ log_generation: 0 }]]);
    }
    const next = ['consumer_accounting', 'quarantine'].map(
      (table) =>
        `insert into ${table} select (jsonb_populate_record(row, '{"log_generation": 1}')).* from ${table} as row`,
    );
    for (const sql of next) {
      await client.query(sql);
      await expect(client.query(`${sql} where log_generation = 0`)).rejects.toMatchObject({ code: '23505' });
    }
    // A decision is still one about an item that is there.
    await expect(client.query(decide, [9])).rejects.toMatchObject({ code: '23503' });
  } finally {
    await client.end();
    await drop();
  }
});
