import { migrateRoom, openRoom } from '@taxameter/platform';
import { createTestDatabase } from '@taxameter/platform/testing';
import { fairUseMigrations } from '../fair-use.migration.js';
import { Signals1760000200041 } from './signals.migration.js';

it('of minutes that were there it says that nothing more was seen in them', async () => {
  const { url, drop } = await createTestDatabase();
  const earlier = fairUseMigrations.slice(0, fairUseMigrations.indexOf(Signals1760000200041));
  const before = { name: 'fair-use', migrations: earlier };
  try {
    await migrateRoom(url, before);
    const old = await openRoom(url, before);
    await old.query(`insert into signal_pair_minute values ('isv_a', '1', 29000000, 75)`);
    await old.query(
      `insert into signal_route_minute values ('isv_a', '1', 29000000, '/v1/{id}/contacts', 4)`,
    );
    await old.destroy();
    await migrateRoom(url, { ...before, migrations: fairUseMigrations });
    const room = await openRoom(url, before);
    expect(
      await room.query(
        'select calls, writes, server_time_ms, client_errors, throttled, calls_by_slot from signal_pair_minute',
      ),
    ).toEqual([
      {
        ...{ calls: 75, writes: 0, server_time_ms: 0, client_errors: 0, throttled: 0 },
        calls_by_slot: new Array(12).fill(0),
      },
    ]);
    expect(
      await room.query('select unfiltered_sweeps, changes_since_sweeps from signal_route_minute'),
    ).toEqual([{ unfiltered_sweeps: 4, changes_since_sweeps: 0 }]);
    expect(await room.query('select minute, calls, served_calls from signal_pair_hour')).toEqual([
      { minute: 29_000_039, calls: 75, served_calls: 75 },
    ]);
    await expect(room.query('update signal_route_minute set unfiltered_sweeps = 0')).rejects.toThrow(
      'signal_route_minute_sweeps_check',
    );
    await expect(room.query(`update signal_pair_minute set calls_by_slot = '{1,2}'`)).rejects.toThrow(
      'check constraint',
    );
    await room.destroy();
  } finally {
    await drop();
  }
});
