import type { TestRooms } from '@taxameter/platform/testing';
import { NOW, startBeside, startPartnersRoom } from '../partners-room.testing.js';

const LATER = '2026-10-06T08:00:00.000Z';
let rooms: TestRooms;
let nextDay: TestRooms;

beforeAll(async () => {
  rooms = await startPartnersRoom();
  nextDay = await startBeside(rooms, LATER);
  await put(rooms, 'par_a', { name: 'Før ApS', cvr: '12345674', reason: 'oprettet' });
  await put(nextDay, 'par_a', { name: 'Efter ApS', cvr: '12345674', reason: 'nyt navn' });
  await put(rooms, 'par_b', { name: 'En anden ApS' });
});

afterAll(async () => {
  await nextDay.stop();
  await rooms.stop();
});

const put = (where: TestRooms, partnerId: string, body: unknown) =>
  where.call('ops', 'PUT', `/v1/partners/${partnerId}`, { body });
const get = (path: string) => rooms.call('finance', 'GET', path);
const mine = (path: string) => rooms.call('partner', 'GET', path, { partnerId: 'par_a' });

describe('what was true of a partner', () => {
  it.each([
    [NOW, 'Før ApS'],
    ['2026-10-06T07:59:59.999Z', 'Før ApS'],
    [LATER, 'Efter ApS'],
    ['2026-10-06T10:00:00+02:00', 'Efter ApS'],
    ['2030-01-01T00:00:00Z', 'Efter ApS'],
  ])('at %s is read back: %s', async (at, name) => {
    const { status, body } = await get(`/v1/partners/par_a?at=${encodeURIComponent(at)}`);
    expect([status, body.name]).toEqual([200, name]);
  });

  it('before it was recorded is nothing', async () => {
    const { status, body } = await get('/v1/partners/par_a?at=2026-10-05T07:59:59.999Z');
    expect([status, body.type]).toEqual([404, 'urn:taxameter:problem:not-found']);
  });

  it('is refused for what is no instant, naming the field', async () => {
    const { status, body } = await get('/v1/partners/par_a?at=2026-10-05');
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ field: 'query.at' }]);
  });

  it('is listed newest first, each version up to the next, on pages that leave none out', async () => {
    const first = await get('/v1/partners/par_a/versions?limit=1');
    expect(first.body.items).toMatchObject([
      { version: 2, from: LATER, to: null, reason: 'nyt navn', partner: { name: 'Efter ApS', version: 2 } },
    ]);
    expect(first.body.items[0].actor).toEqual({ id: expect.any(String), role: 'ops' });
    const second = await get(`/v1/partners/par_a/versions?limit=1&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({
      items: [{ version: 1, from: NOW, to: LATER, partner: { name: 'Før ApS', delivery: 'email' } }],
      nextCursor: null,
    });
  });

  it('is shown to the partner itself without names, and to no other', async () => {
    const { body } = await mine('/v1/partners/par_a/versions');
    expect(body.items).toHaveLength(2);
    expect(body.items[0]).toMatchObject({ actor: { id: null, role: 'ops' }, reason: null });
    expect((await mine(`/v1/partners/par_a?at=${NOW}`)).body.name).toBe('Før ApS');
    expect((await mine('/v1/partners/par_b/versions')).status).toBe(404);
    expect((await mine(`/v1/partners/par_b?at=${LATER}`)).status).toBe(404);
  });

  it('was recorded before a field was there is read back with the field as not known', async () => {
    const database = rooms.databases.get('partners')!;
    const old = { partnerId: 'par_old', version: 1, name: 'Gammel ApS', cvr: null, vatNumber: null };
    await database.query(
      `insert into audit_entry (at, actor_id, actor_role, action, subject, "after")
       values ($1, 'tok_1', 'ops', 'partner_created', 'partner|par_old', $2)`,
      ['2026-01-01T00:00:00Z', JSON.stringify({ ...old, address: null, email: null, language: 'en' })],
    );
    const { body } = await get('/v1/partners/par_old?at=2026-02-01T00:00:00Z');
    expect(body).toMatchObject({ name: 'Gammel ApS', gln: null, delivery: 'email', language: 'en' });
  });
});
