import { createLogger, openRoom } from '@taxameter/platform';
import type { TestRooms } from '@taxameter/platform/testing';
import { NOW, startPartnersRoom } from '../partners-room.testing.js';
import { Republishing } from './republishing.service.js';

let rooms: TestRooms;
let log: Awaited<ReturnType<typeof openRoom>>;
let now = new Date(NOW);
let republishing: Republishing;

beforeAll(async () => {
  rooms = await startPartnersRoom();
  log = await openRoom(rooms.databaseUrl, { name: 'event-log', migrations: [] });
  const database = rooms.databases.get('partners')!;
  republishing = new Republishing(database, { now: () => now }, createLogger('silent'));
  await put('/v1/partners/par_a', { name: 'A' });
});

afterAll(async () => {
  await log.destroy();
  await rooms.stop();
});

const put = (path: string, body: object) => rooms.call('ops', 'PUT', path, { body });

/** Everything that a topic holds of a key, oldest first. */
async function recordsOf(topic: string, key: string): Promise<string[]> {
  const rows: { value: Buffer }[] = await log.query(
    'select value from log_record where topic = $1 and key = $2 order by "offset"',
    [topic, key],
  );
  return rows.map(({ value }) => value.toString());
}

/** One whole round; the outbox is emptied between the pieces. */
async function round(): Promise<number> {
  let pieces = 0;
  while (await republishing.republishNext()) {
    pieces += 1;
    await rooms.settle();
  }
  return pieces;
}

describe('publishing again', () => {
  it('puts the newest state, its version unchanged, after what a relay that was thought dead wrote late', async () => {
    const integration = { name: 'En', kind: 'public', partnerId: 'par_a', from: '2026-07-01T00:00:00Z' };
    await put('/v1/integrations/isv_a', integration);
    await put('/v1/integrations/isv_a/agreements/148383', { name: 'Blomsterhjørnet' });
    await rooms.call('ops', 'POST', '/v1/integrations/isv_a/deactivate', { body: { reason: 'misbrug' } });
    await rooms.settle();
    const subjects = [
      ['partners.v1', 'integration|isv_a'],
      ['integrations.status.v1', 'isv_a'],
    ] as const;
    const newest: string[] = [];
    for (const [topic, key] of subjects) {
      const records = await recordsOf(topic, key);
      newest.push(records.at(-1)!);
      const headers = { 'content-type': 'application/cloudevents+json' };
      const value = new TextEncoder().encode(records[0]);
      await rooms.producer.append([{ topic, partition: 0, key, headers, value }]);
      expect((await recordsOf(topic, key)).at(-1)).toContain('"version":1');
    }
    now = new Date('2026-10-05T09:00:00Z');
    expect(await round()).toBe(5);
    for (const [index, [topic, key]] of subjects.entries()) {
      const last = (await recordsOf(topic, key)).at(-1)!;
      expect(last).toContain('"version":2');
      expect(JSON.parse(last)).toEqual(JSON.parse(newest[index]!));
    }
    for (const key of ['agreement|isv_a|148383', 'partner|par_a']) {
      const records = await recordsOf('partners.v1', key);
      expect(new Set(records).size).toBe(1);
      expect(records.length).toBeGreaterThan(1);
    }
  });

  it('is done again after a day and not before', async () => {
    now = new Date('2026-10-06T08:59:59.999Z');
    expect(await round()).toBe(0);
    now = new Date('2026-10-06T09:00:00.000Z');
    expect(await round()).toBe(5);
  });

  it('goes in pieces of 200 keys, leaves out none, and waits while the outbox is full', async () => {
    const database = rooms.databases.get('partners')!;
    await database.query(
      `insert into partner (partner_id, version, name, language)
       select 'par_' || number, 1, 'Nr. ' || number, 'da' from generate_series(1, 450) as number`,
    );
    now = new Date('2026-10-07T10:00:00Z');
    expect(await round()).toBe(7);
    const [{ count }] = await log.query(
      `select count(distinct key) as count from log_record where topic = 'partners.v1' and key like 'partner|%'`,
    );
    expect(count).toBe(451);
    now = new Date('2026-10-08T10:00:00Z');
    const full = database.transaction(async (tx) => {
      // The relay is held up as by another process.
      await tx.query('select pg_advisory_xact_lock(7340003, hashtext(current_schema()))');
      const steps = [await republishing.republishNext(), await republishing.republishNext()];
      return steps;
    });
    expect(await full).toEqual([true, false]);
  });

  it('tells gateways of an integration of which they were never told', async () => {
    const database = rooms.databases.get('partners')!;
    await database.transaction(async (tx) => {
      await tx.query(`insert into integration values ('isv_old', 1, 'Gammel', 'public')`);
      await tx.query(
        `insert into integration_owner (integration_id, partner_id, effective_from) values ('isv_old', 'par_a', $1)`,
        [NOW],
      );
      await tx.query(
        `insert into integration_status (integration_id, status, effective_from, reason)
         values ('isv_old', 'deactivated', $1, 'misbrug')`,
        [NOW],
      );
    });
    await rooms.settle();
    now = new Date('2026-10-09T12:00:00Z');
    await round();
    await round();
    const { body } = await rooms.call('gateway', 'GET', '/v1/enforcement');
    expect(body.integrations.at(-1)).toMatchObject({
      integrationId: 'isv_old',
      version: 1,
      status: [{ status: 'deactivated' }],
    });
  });
});
