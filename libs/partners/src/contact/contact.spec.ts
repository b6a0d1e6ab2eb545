import type { TestRooms } from '@taxameter/platform/testing';
import { auditOf, NOW, startBeside, startPartnersRoom } from '../partners-room.testing.js';

const LATER = '2026-10-06T08:00:00.000Z';
const CONTACTS = '/v1/partners/par_a/contacts';
const jensen = { name: 'Åse Jensen', email: 'aase@eksempel.example', purposes: ['technical'] };
let rooms: TestRooms;
let nextDay: TestRooms;

beforeAll(async () => {
  rooms = await startPartnersRoom();
  nextDay = await startBeside(rooms, LATER);
  for (const id of ['par_a', 'par_b']) {
    await rooms.call('ops', 'PUT', `/v1/partners/${id}`, { body: { name: id } });
  }
});

afterAll(async () => {
  await nextDay.stop();
  await rooms.stop();
});

const as = (partnerId: string, method: string, path: string, body?: unknown) =>
  rooms.call('partner', method, path, { partnerId, ...(body === undefined ? {} : { body }) });
const add = async (body: object) => rooms.call('ops', 'POST', CONTACTS, { body });
const listed = async (query = '') => (await rooms.call('ops', 'GET', CONTACTS + query)).body.items;

describe('a contact', () => {
  it('is added, listed with its purposes in one order, and answered without the person', async () => {
    const { status, body } = await add({
      ...jensen,
      phone: '+4570101010',
      purposes: ['urgent', 'finance', 'urgent'],
    });
    expect([status, body]).toEqual([201, { contactId: body.contactId, version: 1, changed: true }]);
    expect(body.contactId).toMatch(/^con_[0-9a-f]{32}$/);
    expect(await listed()).toEqual([
      {
        ...jensen,
        ...{ contactId: body.contactId, partnerId: 'par_a', version: 1, phone: '+4570101010' },
        ...{ language: 'da', purposes: ['finance', 'urgent'], removed: false },
      },
    ]);
  });

  it('gets a version by a change, none by the same again, and is not overwritten by who saw an older one', async () => {
    const { contactId } = (await add(jensen)).body;
    const put = (body: object) => rooms.call('ops', 'PUT', `${CONTACTS}/${contactId}`, { body });
    expect((await put(jensen)).body).toMatchObject({ version: 1, changed: false });
    expect((await put({ ...jensen, language: 'en' })).body).toMatchObject({ version: 2, changed: true });
    expect((await put({ ...jensen, version: 1 })).status).toBe(409);
  });

  it.each([
    [{ ...jensen, email: null }, 'email', 'contact-unreachable'],
    [{ ...jensen, purposes: ['urgent'] }, 'phone', 'urgent-needs-phone'],
    [{ ...jensen, phone: '70 10 10 10' }, 'phone', undefined],
    [{ ...jensen, purposes: [] }, 'purposes', undefined],
    [{ ...jensen, purposes: ['finance', 'sales'] }, 'purposes.1', undefined],
    [{ ...jensen, email: 'aase' }, 'email', undefined],
  ])('is refused as %j, naming %s', async (body, field, rule) => {
    const before = await listed();
    const answer = await add(body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toMatchObject([{ field, ...(rule !== undefined && { rule }) }]);
    expect(await listed()).toEqual(before);
  });

  it('is kept by the partner itself, and hidden from another', async () => {
    const { status, body } = await as('par_b', 'POST', '/v1/partners/par_b/contacts', jensen);
    expect(status).toBe(201);
    const path = `/v1/partners/par_b/contacts/${body.contactId}`;
    expect((await as('par_b', 'PUT', path, { ...jensen, name: 'Åse Holm' })).body).toMatchObject({
      version: 2,
    });
    expect((await as('par_b', 'GET', `${path}/versions`)).body.items).toHaveLength(2);
    expect((await auditOf(rooms, `contact|par_b|${body.contactId}`))[1]).toMatchObject({
      actor_role: 'partner',
    });
    expect((await as('par_a', 'GET', `${path}/versions`)).status).toBe(404);
    expect((await as('par_a', 'GET', '/v1/partners/par_b/contacts')).status).toBe(404);
    expect((await as('par_a', 'PUT', path, jensen)).status).toBe(404);
    expect((await as('par_a', 'DELETE', path)).status).toBe(404);
    expect((await as('par_a', 'POST', '/v1/partners/par_b/contacts', jensen)).status).toBe(404);
    // Under its own partner, an id of another's contact is not there either.
    expect((await as('par_a', 'PUT', `${CONTACTS}/${body.contactId}`, jensen)).status).toBe(404);
  });

  it('is read back as it was at an instant', async () => {
    const { contactId } = (await add({ ...jensen, name: 'Før' })).body;
    await nextDay.call('ops', 'PUT', `${CONTACTS}/${contactId}`, { body: { ...jensen, name: 'Efter' } });
    const nameAt = async (query: string) =>
      (await listed(query)).find((contact: { contactId: string }) => contact.contactId === contactId)?.name;
    expect(await nameAt(`?at=${NOW}`)).toBe('Før');
    expect(await nameAt(`?at=${LATER}`)).toBe('Efter');
    expect(await nameAt('?at=2026-10-05T07:59:59Z')).toBeUndefined();
    const { body } = await rooms.call('ops', 'GET', `${CONTACTS}/${contactId}/versions?limit=1&cursor=2`);
    expect(body.items).toMatchObject([{ from: NOW, to: LATER, contact: { name: 'Før', version: 1 } }]);
  });

  it('that is removed leaves no trace of the person in the database', async () => {
    const person = { name: 'Qvistgaard', email: 'qvistgaard@eksempel.example', phone: '+4599887766' };
    const { contactId } = (
      await rooms.call('ops', 'POST', CONTACTS, {
        body: { ...person, purposes: ['urgent'] },
        headers: { 'idempotency-key': 'one' },
      })
    ).body;
    const path = `${CONTACTS}/${contactId}`;
    await rooms.call('ops', 'PUT', path, {
      body: { ...person, name: 'Qvistgaard 2', purposes: ['technical'] },
    });
    expect((await rooms.call('ops', 'DELETE', `${path}?version=1`)).status).toBe(409);
    expect((await rooms.call('ops', 'DELETE', path)).body).toEqual({ contactId, version: 3, changed: true });
    expect((await rooms.call('ops', 'DELETE', path)).status).toBe(404);
    expect((await rooms.call('ops', 'PUT', path, { body: { ...jensen } })).status).toBe(404);
    expect(JSON.stringify(await listed())).not.toContain(contactId);
    const { body } = await rooms.call('ops', 'GET', `${path}/versions`);
    expect(body.items.map(({ contact }: { contact: object }) => contact)).toMatchObject([
      { version: 3, name: null, removed: true },
      { version: 2, name: null, purposes: ['technical'] },
      { version: 1, name: null, purposes: ['urgent'] },
    ]);
    expect(await tablesThatHold('qvistgaard|99887766')).toEqual([]);
  });

  it('is one of at most fifty', async () => {
    await rooms.call('ops', 'PUT', '/v1/partners/par_many', { body: { name: 'Mange ApS' } });
    const answers = await Promise.all(
      Array.from({ length: 52 }, (_, index) =>
        rooms.call('ops', 'POST', '/v1/partners/par_many/contacts', {
          body: { ...jensen, name: `Nr. ${index}` },
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(50);
    expect(answers.find(({ status }) => status === 409)!.body.type).toBe(
      'urn:taxameter:problem:too-many-contacts',
    );
  });
});

/** Names of the tables in which a row, written out, matches. */
async function tablesThatHold(pattern: string): Promise<string[]> {
  const database = rooms.databases.get('partners')!;
  const tables = await database.query<{ name: string }[]>(
    'select table_name as name from information_schema.tables where table_schema = current_schema()',
  );
  expect(tables.length).toBeGreaterThan(10);
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await database.query<unknown[]>(`select 1 from "${name}" as row where row::text ~* $1`, [
      pattern,
    ]);
    if (rows.length > 0) found.push(name);
  }
  return found;
}
