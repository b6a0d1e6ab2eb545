import type { TestRooms } from '@taxameter/platform/testing';
import { auditOf, factsOf, NOW, startPartnersRoom } from '../partners-room.testing.js';

const address = { street: 'Eksempelvej 1', postalCode: '8000', city: 'Aarhus C', country: 'DK' };
let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startPartnersRoom();
});

afterAll(() => rooms.stop());

const put = (partnerId: string, body: unknown, headers: Record<string, string> = {}) =>
  rooms.call('ops', 'PUT', `/v1/partners/${partnerId}`, { body, headers });

describe('a partner', () => {
  it('is recorded under the id of the caller, published whole and audited', async () => {
    const body = { name: 'Påmindelse & Søn A/S', cvr: '12345674', address, email: 'a@b.example' };
    const { status, body: answer } = await put('par_a', { ...body, reason: 'ny partner' });
    expect(status).toBe(200);
    const unsaid = { vatNumber: null, gln: null, orderNumber: null, buyerReference: null };
    const state = { partnerId: 'par_a', version: 1, ...body, ...unsaid, language: 'da', delivery: 'email' };
    expect(answer).toEqual({ ...state, changed: true, warnings: [] });
    expect(await factsOf(rooms, 'partner|par_a')).toMatchObject([{ time: NOW, data: state }]);
    expect(await auditOf(rooms, 'partner|par_a')).toMatchObject([
      { action: 'partner_created', actor_role: 'ops', before: null, after: state, reason: 'ny partner' },
    ]);
  });

  it('gets no new version, fact or audit entry by a PUT that changes nothing', async () => {
    const body = { name: 'Uændret ApS', address };
    await put('par_same', body);
    const { body: answer } = await put('par_same', body);
    expect(answer).toMatchObject({ version: 1, changed: false });
    expect(await factsOf(rooms, 'partner|par_same')).toHaveLength(1);
    expect(await auditOf(rooms, 'partner|par_same')).toHaveLength(1);
  });

  it('is replaced by a PUT: what is left out is no longer known', async () => {
    await put('par_replaced', { name: 'Før ApS', cvr: '12345674', address });
    const { body } = await put('par_replaced', { name: 'Efter ApS' });
    expect(body).toMatchObject({ version: 2, name: 'Efter ApS', cvr: null, address: null });
    const facts = await factsOf(rooms, 'partner|par_replaced');
    expect(facts.map(({ data }) => data.version)).toEqual([1, 2]);
    const [, change] = await auditOf(rooms, 'partner|par_replaced');
    expect(change).toMatchObject({
      action: 'partner_changed',
      before: { version: 1 },
      after: { version: 2 },
    });
  });

  it('is not overwritten by someone who saw an older version', async () => {
    await put('par_seen', { name: 'Et ApS', version: 0 });
    expect((await put('par_seen', { name: 'To ApS', version: 1 })).status).toBe(200);
    const stale = await put('par_seen', { name: 'Tre ApS', version: 1 });
    expect(stale.status).toBe(409);
    expect(stale.body).toMatchObject({ type: 'urn:taxameter:problem:stale-version', version: 2 });
    expect((await put('par_seen', { name: 'Nul ApS', version: 0 })).status).toBe(409);
    expect((await rooms.call('ops', 'GET', '/v1/partners/par_seen')).body.name).toBe('To ApS');
  });

  it('gets one version for each of twenty changes that arrive at once', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `Navn ${index}`);
    const answers = await Promise.all(names.map((name) => put('par_busy', { name })));
    const versions = answers.map(({ body }) => body.version).sort((one, other) => one - other);
    expect(versions).toEqual(names.map((_, index) => index + 1));
    const facts = await factsOf(rooms, 'partner|par_busy');
    expect(facts.map(({ data }) => data.version)).toEqual(versions);
  });

  it('keeps everything that an e-invoice needs', async () => {
    const wanted = {
      ...{ name: 'Kommunen', cvr: '12345674', vatNumber: 'DK12345674', gln: '5790000000005' },
      ...{ address: { ...address, street2: 'Afsnit 4' }, email: 'ean@kommunen.example' },
      ...{ orderNumber: 'R-2026-17', buyerReference: 'Økonomi, lok. 12', language: 'en', delivery: 'both' },
    };
    const { status, body } = await put('par_public', wanted);
    expect([status, body]).toEqual([200, expect.objectContaining({ ...wanted, warnings: [] })]);
    expect((await put('par_public', wanted)).body).toMatchObject({ version: 1, changed: false });
    expect(await factsOf(rooms, 'partner|par_public')).toMatchObject([{ data: wanted }]);
  });

  it.each([
    [{ cvr: '12345678' }, 'cvr', 'cvr-modulus-11'],
    [{ gln: '5790000000006' }, 'gln', 'gs1-check-digit'],
    [{ vatNumber: 'DE136695977' }, 'vatNumber', 'vat-number'],
    [{ address: { ...address, country: 'UK' } }, 'address.country', 'iso-3166-1'],
    [{ delivery: 'e_invoice' }, 'delivery', 'e-invoice-needs-gln'],
  ])('is refused with %j, naming %s and %s, and nothing is recorded', async (details, field, rule) => {
    const { status, body } = await put('par_wrong', { name: 'Forkert ApS', ...details });
    expect(status).toBe(400);
    expect(body).toMatchObject({ type: 'urn:taxameter:problem:invalid-input', errors: [{ field, rule }] });
    expect((await rooms.call('ops', 'GET', '/v1/partners/par_wrong')).status).toBe(404);
    expect(await auditOf(rooms, 'partner|par_wrong')).toEqual([]);
  });

  it('whose CVR number was recorded before the check can be corrected otherwise, with a warning', async () => {
    await put('par_cvr', { name: 'Tvivl ApS', cvr: '12345674' });
    await rooms.databases
      .get('partners')!
      .query("update partner set cvr = '12345678' where partner_id = 'par_cvr'");
    const { status, body } = await put('par_cvr', { name: 'Tvivl & Co ApS', cvr: '12345678' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: 'Tvivl & Co ApS',
      warnings: [{ field: 'cvr', code: 'cvr-check-failed' }],
    });
  });

  it('changes its own invoice mail and order number, audited as its own doing', async () => {
    await put('par_self', { name: 'Selv ApS', cvr: '12345674', address, email: 'a@selv.example' });
    const { status, body } = await rooms.call('partner', 'PUT', '/v1/partners/par_self/invoice-details', {
      partnerId: 'par_self',
      body: { email: 'b@selv.example', orderNumber: 'PO 7', version: 1 },
    });
    expect(status).toBe(200);
    const wanted = { version: 2, email: 'b@selv.example', orderNumber: 'PO 7', buyerReference: null };
    expect(body).toMatchObject({ ...wanted, name: 'Selv ApS', cvr: '12345674', address, changed: true });
    const [, change] = await auditOf(rooms, 'partner|par_self');
    expect(change).toMatchObject({ action: 'partner_changed', actor_role: 'partner' });
    expect((await factsOf(rooms, 'partner|par_self')).at(-1)!.data).toMatchObject(wanted);
  });

  it.each([
    ['its name', 'par_self', { name: 'Andet ApS' }, 400],
    ['its CVR number', 'par_self', { cvr: '34731543' }, 400],
    ['the invoice mail of another', 'par_a', { email: 'c@d.example' }, 404],
    ['one that is not there', 'par_none', { email: 'c@d.example' }, 404],
  ])('does not change %s itself', async (_what, partnerId, body, status) => {
    const before = await rooms.call('ops', 'GET', `/v1/partners/${partnerId}`);
    const path = `/v1/partners/${partnerId}/invoice-details`;
    expect((await rooms.call('partner', 'PUT', path, { partnerId: 'par_self', body })).status).toBe(status);
    expect((await rooms.call('ops', 'GET', `/v1/partners/${partnerId}`)).body).toEqual(before.body);
  });

  it('is refused with the path of each mistake', async () => {
    const { status, body } = await put('par_bad', { name: '', cvr: '1', addres: address });
    expect(status).toBe(400);
    expect(body.errors.map(({ field }: { field: string }) => field).sort()).toEqual(['', 'cvr', 'name']);
  });

  it('gets an id of ours by POST, once for one Idempotency-Key', async () => {
    const post = () =>
      rooms.call('finance', 'POST', '/v1/partners', {
        body: { name: 'Ny ApS' },
        headers: { 'idempotency-key': 'k1' },
      });
    const first = await post();
    expect(first.status).toBe(201);
    expect(first.body.partnerId).toMatch(/^par_[0-9a-f]{32}$/);
    expect((await post()).body).toEqual(first.body);
    expect(await auditOf(rooms, `partner|${first.body.partnerId}`)).toHaveLength(1);
  });

  it('reads itself and nobody else', async () => {
    await put('par_mine', { name: 'Min ApS' });
    const as = (path: string) => rooms.call('partner', 'GET', path, { partnerId: 'par_mine' });
    expect((await as('/v1/partners/par_mine')).status).toBe(200);
    expect((await as('/v1/partners/par_a')).status).toBe(404);
    expect((await as('/v1/partners')).body.items).toMatchObject([{ partnerId: 'par_mine' }]);
    const change = await rooms.call('partner', 'PUT', '/v1/partners/par_mine', { body: { name: 'x' } });
    expect(change.status).toBe(403);
  });

  it('is found on exactly one page of the list', async () => {
    const ids: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await rooms.call('finance', 'GET', `/v1/partners?limit=2${query}`);
      expect(body.items.length).toBeLessThanOrEqual(2);
      ids.push(...body.items.map(({ partnerId }: { partnerId: string }) => partnerId));
      cursor = body.nextCursor;
    }
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(ids).toContain('par_a');
  });

  it('has an audit that the room itself cannot rewrite', async () => {
    const database = rooms.databases.get('partners')!;
    await expect(database.query("update audit_entry set actor_id = 'x'")).rejects.toThrow(
      'permission denied',
    );
    await expect(database.query('delete from audit_entry')).rejects.toThrow('permission denied');
  });
});
