import type { TestRooms } from '@taxameter/platform/testing';
import { auditOf, factsOf, NOW, startPartnersRoom } from '../partners-room.testing.js';

let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startPartnersRoom();
  for (const partnerId of ['par_a', 'par_b']) {
    await rooms.call('ops', 'PUT', `/v1/partners/${partnerId}`, { body: { name: partnerId } });
  }
});

afterAll(() => rooms.stop());

const JULY = '2026-07-01T00:00:00+02:00';
const details = { name: 'Eksempel', kind: 'public', partnerId: 'par_a' };
const put = (id: string, body: object) => rooms.call('ops', 'PUT', `/v1/integrations/${id}`, { body });
const post = (id: string, what: string, body: object) =>
  rooms.call('ops', 'POST', `/v1/integrations/${id}/${what}`, { body });
const as = (partnerId: string, path: string) => rooms.call('partner', 'GET', path, { partnerId });

describe('an integration', () => {
  it('is recorded with the owner since an instant, active, and published whole', async () => {
    const { status, body } = await put('isv_new', { ...details, from: JULY });
    expect(status).toBe(200);
    const state = {
      integrationId: 'isv_new',
      version: 1,
      name: 'Eksempel',
      kind: 'public',
      organizationId: null,
      ownership: [{ partnerId: 'par_a', from: '2026-06-30T22:00:00.000Z' }],
      status: [{ status: 'active', from: '2026-06-30T22:00:00.000Z', reason: null }],
    };
    expect(body).toEqual({ ...state, changed: true, warnings: [] });
    expect(await factsOf(rooms, 'integration|isv_new')).toMatchObject([{ data: state }]);
    expect((await put('isv_new', { ...details, from: JULY })).body).toMatchObject({
      version: 1,
      changed: false,
    });
    expect((await rooms.call('finance', 'GET', '/v1/integrations/isv_new')).body).toEqual(state);
  });

  it('belongs to nobody unknown', async () => {
    const { status, body } = await put('isv_orphan', { ...details, partnerId: 'par_nobody' });
    expect([status, body.type]).toEqual([422, 'urn:taxameter:problem:unknown-partner']);
    expect((await rooms.call('ops', 'GET', '/v1/integrations/isv_orphan')).status).toBe(404);
  });

  it('is handed over from an instant on, and never backwards past a hand-over', async () => {
    await put('isv_sold', { ...details, from: JULY });
    const sold = await put('isv_sold', { ...details, partnerId: 'par_b', from: '2026-09-01T00:00:00+02:00' });
    expect(sold.body.ownership).toEqual([
      { partnerId: 'par_a', from: '2026-06-30T22:00:00.000Z' },
      { partnerId: 'par_b', from: '2026-08-31T22:00:00.000Z' },
    ]);
    const back = await put('isv_sold', { ...details, from: '2026-08-01T00:00:00+02:00' });
    expect([back.status, back.body.type]).toEqual([409, 'urn:taxameter:problem:past-would-change']);
    expect((await as('par_a', '/v1/integrations/isv_sold')).status).toBe(404);
    const seen = await as('par_b', '/v1/integrations/isv_sold');
    expect(seen.body.ownership).toEqual([{ partnerId: 'par_b', from: '2026-08-31T22:00:00.000Z' }]);
    expect((await as('par_a', '/v1/integrations')).body.items.map(idOf)).not.toContain('isv_sold');
    expect((await as('par_b', '/v1/integrations')).body.items.map(idOf)).toEqual(['isv_sold']);
  });

  it('keeps a planned hand-over when only its name is corrected', async () => {
    await put('isv_plan', { ...details, from: JULY });
    await put('isv_plan', { ...details, partnerId: 'par_b', from: '2027-01-01T00:00:00+01:00' });
    const { body } = await put('isv_plan', { ...details, name: 'Rettet' });
    expect(body).toMatchObject({ version: 3, name: 'Rettet' });
    expect(body.ownership.map(({ partnerId }: { partnerId: string }) => partnerId)).toEqual([
      'par_a',
      'par_b',
    ]);
  });

  it('is deactivated and reactivated by entries added to its status, with reason and audit', async () => {
    await put('isv_off', { ...details, from: JULY });
    const off = await post('isv_off', 'deactivate', { reason: 'misbrug', from: '2026-08-17T10:00:00+02:00' });
    expect(off.body).toMatchObject({ version: 2, changed: true });
    expect((await post('isv_off', 'deactivate', { reason: 'igen' })).body).toMatchObject({ changed: false });
    const on = await post('isv_off', 'reactivate', { reason: 'rettet' });
    expect(on.body.status).toEqual([
      { status: 'active', from: '2026-06-30T22:00:00.000Z', reason: null },
      { status: 'deactivated', from: '2026-08-17T08:00:00.000Z', reason: 'misbrug' },
      { status: 'active', from: NOW, reason: 'rettet' },
    ]);
    const audit = await auditOf(rooms, 'integration|isv_off');
    expect(audit.map(({ action, reason }) => [action, reason])).toEqual([
      ['integration_created', null],
      ['integration_deactivated', 'misbrug'],
      ['integration_reactivated', 'rettet'],
    ]);
    const facts = await factsOf(rooms, 'integration|isv_off');
    expect(facts.map(({ data }) => data.version)).toEqual([1, 2, 3]);
  });

  it('can be deactivated at once after a planned deactivation was cancelled', async () => {
    await put('isv_due', { ...details, from: JULY });
    await post('isv_due', 'deactivate', { reason: 'opsagt', from: '2026-12-01T00:00:00Z' });
    const cancelled = await post('isv_due', 'reactivate', { reason: 'fortsætter' });
    expect(cancelled.body.status.at(-1)).toMatchObject({
      status: 'active',
      from: '2026-12-01T00:00:00.000Z',
    });
    const { body } = await post('isv_due', 'deactivate', { reason: 'nu' });
    expect(body.status.at(-1)).toMatchObject({ status: 'deactivated', from: '2026-12-01T00:00:00.000Z' });
  });

  it('is not deactivated without a reason, and not at all when there is none', async () => {
    expect((await post('isv_new', 'deactivate', {})).status).toBe(400);
    expect((await post('isv_none', 'deactivate', { reason: 'x' })).status).toBe(404);
    const byFinance = await rooms.call('finance', 'POST', '/v1/integrations/isv_new/deactivate', {
      body: { reason: 'x' },
    });
    expect(byFinance.status).toBe(403);
  });

  it('has histories that the room itself cannot rewrite', async () => {
    const database = rooms.databases.get('partners')!;
    await expect(database.query('delete from integration_status')).rejects.toThrow('permission denied');
    await expect(database.query("update integration_owner set partner_id = 'x'")).rejects.toThrow(
      'permission denied',
    );
  });
});

describe('an agreement', () => {
  const path = '/v1/integrations/isv_agreed/agreements';

  it('is recorded, ended, published and audited', async () => {
    await put('isv_agreed', { ...details, from: JULY });
    const record = (body: object) => rooms.call('ops', 'PUT', `${path}/148383`, { body });
    const first = await record({ name: 'Blomsterhjørnet' });
    expect(first.body).toMatchObject({ version: 1, name: 'Blomsterhjørnet', status: 'active' });
    expect((await record({ name: 'Blomsterhjørnet' })).body).toMatchObject({ version: 1, changed: false });
    expect((await record({ name: 'Blomsterhjørnet', status: 'ended' })).body).toMatchObject({ version: 2 });
    const facts = await factsOf(rooms, 'agreement|isv_agreed|148383');
    expect(facts.map(({ data }) => data.version)).toEqual([1, 2]);
    expect(await auditOf(rooms, 'agreement|isv_agreed|148383')).toHaveLength(2);
  });

  it('is shown to the present owner of its integration only', async () => {
    expect((await as('par_a', path)).body.items).toMatchObject([{ organizationId: '148383' }]);
    expect((await as('par_b', path)).status).toBe(404);
    expect((await as('par_b', `${path}/148383`)).status).toBe(404);
    await put('isv_agreed', { ...details, partnerId: 'par_b', from: NOW });
    expect((await as('par_a', path)).status).toBe(404);
    expect((await as('par_b', `${path}/148383`)).status).toBe(200);
  });

  it('needs its integration', async () => {
    const { status } = await rooms.call('ops', 'PUT', '/v1/integrations/isv_none/agreements/1', { body: {} });
    expect(status).toBe(404);
  });
});

function idOf({ integrationId }: { integrationId: string }): string {
  return integrationId;
}
