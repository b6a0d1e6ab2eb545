import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { fairUseRoom, NOW, ownedBy } from '../fair-use.testing.js';
import { openCase } from '../handling/handling.testing.js';

let rooms: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: NOW });
});
afterAll(async () => {
  await rooms?.stop();
});

describe('the report of a case', () => {
  it('is read by ops and by the partner whose case it is, and by nobody else', async () => {
    const { path } = await openCase(rooms, 'isv_report');
    await rooms.producer.append([
      ownedBy('isv_report', [{ partnerId: 'par_a', from: '2026-01-01T00:00:00Z' }]),
    ]);
    await rooms.settle();
    for (const file of ['report', 'report.pdf']) {
      const as = (partnerId: string) => rooms.call('partner', 'GET', `${path}/${file}`, { partnerId });
      expect((await rooms.call('ops', 'GET', `${path}/${file}`)).status).toBe(200);
      expect((await as('par_a')).status).toBe(200);
      expect((await as('par_b')).status).toBe(404);
      expect((await rooms.call('finance', 'GET', `${path}/${file}`)).status).toBe(403);
      expect((await rooms.call('ops', 'GET', `/v1/breaches/br_none/${file}`)).status).toBe(404);
    }
    const { body } = await rooms.call('ops', 'GET', `${path}/report`);
    expect(body).toMatchObject({
      ruleId: 'RATE_MINUTE',
      version: 1,
      limit: 70,
      saving: null,
      deadline: '2026-10-19T22:00:00.000Z',
      scope: { integrationId: 'isv_report' },
    });
    expect(body.sections.map(({ id }: { id: string }) => id)).toEqual(['when', 'change', 'next']);
    expect(body.evidence).toHaveLength(5);
  });

  it('follows the work on the case, and tells the partner nothing of the steps that are ours', async () => {
    const { path, post } = await openCase(rooms, 'isv_steps');
    await rooms.producer.append([
      ownedBy('isv_steps', [{ partnerId: 'par_a', from: '2026-01-01T00:00:00Z' }]),
    ]);
    await rooms.settle();
    const read = async () =>
      (await rooms.call('partner', 'GET', `${path}/report`, { partnerId: 'par_a' })).body;
    await rooms.databases
      .get('fair-use')!
      .query("update breach_handling set deadline = '2026-10-09T22:00:00Z' where breach_id = $1", [
        path.split('/').at(-1),
      ]);
    const before = await read();
    expect(before.deadline).toBe('2026-10-09T22:00:00.000Z');
    await post('notes', { note: 'Karla ringer.' });
    expect(await read()).toEqual(before);
    await post('resolve', { reason: 'rettet' });
    const after = await read();
    expect(after.deadline).toBeNull();
    expect(JSON.stringify(after.sections)).toContain('Sagen er afsluttet.');
    expect(JSON.stringify(after)).not.toMatch(/Karla|rettet i/);
  });

  it('comes as a PDF in the language asked for, Danish if none is', async () => {
    const { id, path } = await openCase(rooms, 'isv_pdf');
    const danish = await rooms.call('ops', 'GET', `${path}/report.pdf`);
    expect(danish.headers.get('content-type')).toBe('application/pdf');
    expect(danish.headers.get('content-disposition')).toBe(`attachment; filename="sag-${id}.pdf"`);
    expect(danish.headers.get('x-content-type-options')).toBe('nosniff');
    const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
    expect(latin(danish.bytes)).toMatch(/^%PDF-1\.7/);
    expect(latin(danish.bytes)).toContain('(da-DK)');
    const again = await rooms.call('ops', 'GET', `${path}/report.pdf?language=da`);
    expect(latin(again.bytes)).toBe(latin(danish.bytes));
    const english = await rooms.call('ops', 'GET', `${path}/report.pdf?language=en`);
    expect(latin(english.bytes)).toContain('(en-GB)');
    expect((await rooms.call('ops', 'GET', `${path}/report.pdf?language=sv`)).status).toBe(400);
  });
});

describe('a case', () => {
  it('says what ops can do with it, and that a partner can do nothing', async () => {
    const { path, post } = await openCase(rooms, 'isv_moves');
    await rooms.producer.append([
      ownedBy('isv_moves', [{ partnerId: 'par_a', from: '2026-01-01T00:00:00Z' }]),
    ]);
    await rooms.settle();
    const movesOf = async (role: 'ops' | 'partner') =>
      (await rooms.call(role, 'GET', path, role === 'partner' ? { partnerId: 'par_a' } : {})).body.moves;
    expect(await movesOf('ops')).toContain('acknowledge');
    await post('resolve', { reason: 'rettet' });
    expect(await movesOf('ops')).toEqual(['markFalsePositive', 'reopen', 'note']);
    expect(await movesOf('partner')).toEqual([]);
  });
});
