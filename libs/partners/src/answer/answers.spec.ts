import type { TestRooms } from '@taxameter/platform/testing';
import { auditOf, factsOf, NOW, startBeside, startPartnersRoom } from '../partners-room.testing.js';

let rooms: TestRooms;

const JULY = '2026-07-01T00:00:00+02:00';
const WEDNESDAY_NIGHT = '2026-10-07T22:00:00.000Z';

beforeAll(async () => {
  rooms = await startPartnersRoom();
  for (const partnerId of ['par_a', 'par_b']) {
    await rooms.call('ops', 'PUT', `/v1/partners/${partnerId}`, { body: { name: partnerId } });
  }
});

afterAll(() => rooms.stop());

/** A block of an integration of its own, and the path of its restriction. */
async function block(integrationId: string, more: object = {}): Promise<{ id: string; path: string }> {
  const details = { name: integrationId, kind: 'public', partnerId: 'par_a', from: JULY };
  await rooms.call('ops', 'PUT', `/v1/integrations/${integrationId}`, { body: details });
  const { body } = await rooms.call('ops', 'POST', '/v1/restrictions', {
    body: {
      integrationId,
      scope: 'integration',
      mode: 'block',
      reasonCode: 'load',
      clause: 'Fair use',
      note: { da: 'Spærret.', en: 'Blocked.' },
      endCondition: { da: 'Når fejlen er rettet.', en: 'When the fault is mended.' },
      reason: 'for mange kald',
      ...more,
    },
  });
  return { id: body.restrictionId, path: `/v1/restrictions/${body.restrictionId}` };
}

const asPartner = (method: string, path: string, body?: object, partnerId = 'par_a', headers = {}) =>
  rooms.call('partner', method, path, { ...(body && { body }), partnerId, headers });
const asOps = (method: string, path: string, body?: object) =>
  rooms.call('ops', method, path, { ...(body && { body }) });

describe('a partner', () => {
  it('finds reason, clause, condition and the time of an answer on its restriction, and says that the fault is mended', async () => {
    const { id, path } = await block('isv_mended');
    expect((await asPartner('GET', path)).body).toMatchObject({
      reasonCode: 'load',
      clause: 'Fair use',
      endCondition: { da: 'Når fejlen er rettet.', en: 'When the fault is mended.' },
      answerWithinWorkingDays: 2,
      answerDueAt: null,
    });
    const said = await asPartner('POST', `${path}/replies`, { kind: 'mended', text: 'Rettet.\nVersion 2.1' });
    expect(said.status).toBe(201);
    expect(said.body).toMatchObject({ version: 1, kind: 'mended', by: null, answerDueAt: WEDNESDAY_NIGHT });
    expect((await asPartner('GET', path)).body.answerDueAt).toBe(WEDNESDAY_NIGHT);
    const facts = await factsOf(rooms, id);
    expect(facts).toMatchObject([
      {
        type: 'dk.dinero.partners.restriction_answered.v1',
        data: {
          integrationId: 'isv_mended',
          version: 1,
          kind: 'mended',
          at: NOW,
          answerDueAt: WEDNESDAY_NIGHT,
        },
      },
    ]);
    expect(JSON.stringify(facts)).not.toContain('Rettet');
    expect(await auditOf(rooms, `answer|${id}`)).toMatchObject([{ actor_role: 'partner' }]);
  });

  it('reads our answer in both languages and not who wrote it, and its timeline says what was said', async () => {
    const { path } = await block('isv_objects');
    await asPartner('POST', `${path}/replies`, { kind: 'objection', text: 'Det er ikke os.' });
    const answer = { da: 'I har ret.', en: 'You are right.' };
    const answered = await asOps('POST', `${path}/answers`, { answer, version: 1 });
    expect(answered.body).toMatchObject({ version: 2, kind: 'answer', answerDueAt: null });
    const { body: seen } = await asPartner('GET', `${path}/answers`);
    expect(seen.items).toMatchObject([
      { kind: 'objection', text: 'Det er ikke os.', answer: null, by: null },
      { kind: 'answer', text: null, answer, by: null },
    ]);
    expect(JSON.stringify(seen)).not.toContain(answered.body.by);
    const { body: timeline } = await asPartner('GET', '/v1/integrations/isv_objects/timeline');
    expect(timeline.items.slice(0, 2).map(({ text }: { text: { da: string } }) => text.da)).toEqual([
      'Partneren har fået svar.',
      'Partneren gør indsigelse mod begrænsningen. Den får svar inden 8. oktober 2026 kl. 00.00.',
    ]);
  });

  it('sees and answers its own only, and not what its predecessor had', async () => {
    const { path } = await block('isv_foreign');
    await asPartner('POST', `${path}/replies`, { kind: 'reply', text: 'Fortroligt.' });
    const words = { kind: 'reply', text: 'Må jeg se?' };
    expect((await asPartner('POST', `${path}/replies`, words, 'par_b')).status).toBe(404);
    expect((await asPartner('GET', `${path}/answers`, undefined, 'par_b')).status).toBe(404);
    const seenBy = (partnerId: string) =>
      rooms.databases.get('partners')!.transaction(async (tx) => {
        await tx.query("select set_config('taxameter.partner', $1, true)", [partnerId]);
        return tx.query<unknown[]>("select from restriction_answer where integration_id = 'isv_foreign'");
      });
    expect([(await seenBy('par_a')).length, (await seenBy('par_b')).length]).toEqual([1, 0]);
    await asOps('POST', `${path}/lift`, { reason: 'solgt' });
    const sold = { name: 'isv_foreign', kind: 'public', partnerId: 'par_b', from: NOW };
    await asOps('PUT', '/v1/integrations/isv_foreign', sold);
    for (const partnerId of ['par_a', 'par_b']) {
      expect((await asPartner('GET', `${path}/answers`, undefined, partnerId)).status).toBe(404);
      expect((await asPartner('GET', path, undefined, partnerId)).status).toBe(404);
    }
  });

  it('that takes over an integration under a restriction reads nothing of what its predecessor and we said', async () => {
    const { path } = await block('isv_taken_over');
    await asPartner('POST', `${path}/replies`, { kind: 'reply', text: 'Vores kunde er gået konkurs.' });
    await asOps('POST', `${path}/answers`, { answer: { da: 'Det beklager vi.', en: 'We are sorry.' } });
    const tuesday = await startBeside(rooms, '2026-10-06T08:00:00.000Z');
    try {
      const sold = { name: 'isv_taken_over', kind: 'public', partnerId: 'par_b' };
      await tuesday.call('ops', 'PUT', '/v1/integrations/isv_taken_over', { body: sold });
      const seenBy = async (role: 'partner' | 'ops') => {
        const { body } = await tuesday.call(role, 'GET', `${path}/answers`, { partnerId: 'par_b' });
        return body.items.map(({ kind, text }: { kind: string; text: string | null }) => `${kind} ${text}`);
      };
      expect(await seenBy('partner')).toEqual([]);
      const words = { kind: 'reply', text: 'Vi er de nye.' };
      await tuesday.call('partner', 'POST', `${path}/replies`, { partnerId: 'par_b', body: words });
      expect(await seenBy('partner')).toEqual(['reply Vi er de nye.']);
      expect(await seenBy('ops')).toHaveLength(3);
    } finally {
      await tuesday.stop();
    }
  });

  it('that sends its reply twice with one Idempotency-Key has said it once', async () => {
    const { path } = await block('isv_twice');
    const words = { kind: 'reply', text: 'Hvorfor?' };
    const headers = { 'idempotency-key': 'reply-1' };
    const first = await asPartner('POST', `${path}/replies`, words, 'par_a', headers);
    const second = await asPartner('POST', `${path}/replies`, words, 'par_a', headers);
    expect(second.body).toEqual(first.body);
    expect((await asPartner('GET', `${path}/answers`)).body.items).toHaveLength(1);
  });

  it('leaves its words neither in the audit nor in the answers kept for a repeated command', async () => {
    const { path } = await block('isv_words');
    const words = { kind: 'reply', text: 'Karla er syg.' };
    await asPartner('POST', `${path}/replies`, words, 'par_a', { 'idempotency-key': 'words-1' });
    const answer = { da: 'God bedring til Karla.', en: 'Our best wishes to Karla.' };
    await rooms.call('ops', 'POST', `${path}/answers`, {
      ...{ body: { answer }, headers: { 'idempotency-key': 'words-2' } },
    });
    expect(JSON.stringify((await asPartner('GET', `${path}/answers`)).body)).toContain('Karla er syg.');
    for (const table of ['audit_entry', 'idempotency_key']) {
      const kept = JSON.stringify(await rooms.databases.get('partners')!.query(`select * from ${table}`));
      expect(kept).toContain('isv_words');
      expect(kept).not.toContain('Karla');
    }
  });

  it('is refused by field and rule', async () => {
    const { path } = await block('isv_wrong');
    const wrong: [object, number, string][] = [
      [{ kind: 'answer', text: 'Jeg svarer selv.' }, 400, 'invalid-input'],
      [{ kind: 'reply', text: '' }, 400, 'invalid-input'],
      [{ kind: 'reply', text: 'Hej', version: 3 }, 409, 'stale-version'],
    ];
    for (const [body, status, code] of wrong) {
      const answer = await asPartner('POST', `${path}/replies`, body);
      expect([answer.status, answer.body.type]).toEqual([status, `urn:taxameter:problem:${code}`]);
    }
    const danishOnly = await asOps('POST', `${path}/answers`, { answer: { da: 'Nej.' } });
    expect([danishOnly.status, danishOnly.body.errors[0].field]).toEqual([400, 'answer.en']);
    expect((await asOps('POST', `${path}/replies`, { kind: 'reply', text: 'Hej' })).status).toBe(403);
    expect((await asPartner('GET', '/v1/replies/waiting')).status).toBe(403);
  });
});

describe('what waits for an answer', () => {
  it('is listed with the longest overdue first, page by page, until it is answered', async () => {
    const monday = await block('isv_w1');
    const throttled = await block('isv_w2', { mode: 'throttle', limitPerMinute: 5 });
    await asPartner('POST', `${throttled.path}/replies`, { kind: 'reply', text: 'Hvorfor?' });
    await asPartner('POST', `${monday.path}/replies`, { kind: 'reply', text: 'Hvorfor?' });
    const thursday = await startBeside(rooms, '2026-10-08T08:00:00.000Z');
    try {
      const list = async (query: string) =>
        (await thursday.call('ops', 'GET', `/v1/replies/waiting?${query}`)).body;
      const mine = (items: { integrationId: string; isOverdue: boolean }[]) =>
        items
          .filter(({ integrationId }) => /^isv_w\d$/.test(integrationId))
          .map(({ integrationId, isOverdue }) => `${integrationId} ${isOverdue}`);
      expect(mine((await list('')).items)).toEqual(['isv_w1 true', 'isv_w2 false']);
      expect(mine((await list('isOverdue=true')).items)).toEqual(['isv_w1 true']);
      const pages: { integrationId: string; isOverdue: boolean }[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page = await list(`limit=1${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
        pages.push(...page.items);
        cursor = page.nextCursor;
      }
      expect(pages).toEqual((await list('')).items);
      await asOps('POST', `${monday.path}/answers`, { answer: { da: 'Fordi.', en: 'Because.' } });
      expect(mine((await list('')).items)).toEqual(['isv_w2 false']);
      expect((await thursday.call('ops', 'GET', '/v1/replies/waiting?cursor=x')).status).toBe(400);
    } finally {
      await thursday.stop();
    }
  });
});
