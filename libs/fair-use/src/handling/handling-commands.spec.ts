import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { fairUseRoom, NOW, ownedBy } from '../fair-use.testing.js';
import { factsAbout, openCase as openCaseIn, reader } from './handling.testing.js';
import { RULES } from '../rules/registry.js';

const TEN_DAYS = '2026-10-19T22:00:00.000Z';

let rooms: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom, reader], { now: NOW });
});
afterAll(async () => {
  await rooms?.stop();
});

const openCase = (integrationId: string) => openCaseIn(rooms, integrationId);
const factsOf = (breachId: string) => factsAbout(rooms, breachId);
const idsOf = async (query: string): Promise<string[]> =>
  (await rooms.call('ops', 'GET', `/v1/breaches?${query}`)).body.items.map(
    ({ breachId }: { breachId: string }) => breachId,
  );
const kindsOf = async (path: string): Promise<string[]> =>
  (await rooms.call('ops', 'GET', `${path}/timeline`)).body.items.map(({ kind }: { kind: string }) => kind);
describe('a person who works on a case', () => {
  it('takes it up, hands it on, prepares the message and settles it; each step is on the timeline', async () => {
    const { id, path, post, read } = await openCase('isv_work');
    expect((await read()).handling).toEqual({
      version: 1,
      state: 'open',
      assignee: null,
      deadline: TEN_DAYS,
      snoozedUntil: null,
      isFalsePositive: false,
      contact: null,
      notes: 0,
    });
    const taken = await post('acknowledge', { version: 1 });
    expect([taken.status, taken.body]).toMatchObject([
      200,
      { breachId: id, changed: true, version: 2, state: 'acknowledged' },
    ]);
    expect((await post('assign', { assignee: 'Mette' })).body).toMatchObject({ version: 3, changed: true });
    expect((await post('assign', { assignee: 'Mette' })).body).toMatchObject({ version: 3, changed: false });
    expect(await idsOf('handlingState=acknowledged&assignee=Mette')).toEqual([id]);
    expect(await idsOf('assignee=Mogens')).toEqual([]);
    await post('snooze', { until: '2026-10-06T08:00:00Z' });
    const { contact } = (await post('contact')).body;
    expect(contact.at).toBe(new Date(NOW).toISOString());
    expect(contact.da.text).toContain((await read()).guidance.da);
    expect(contact.en.text).toContain('no later than 19 October 2026');
    await post('notes', { note: 'Ringet.\nDe ser på det.' });
    await post('resolve', { reason: 'rettet i version 2.1' });
    expect((await read()).handling).toMatchObject({ state: 'resolved', deadline: null, assignee: 'Mette' });
    expect(await idsOf('handlingState=acknowledged&assignee=Mette')).toEqual([]);
    expect(await kindsOf(path)).toEqual([
      ...['resolved', 'noted', 'contacted', 'snoozed', 'assigned', 'acknowledged', 'opened'],
    ]);
    const { items } = (await rooms.call('ops', 'GET', `${path}/timeline`)).body;
    expect(items[0]).toMatchObject({ reason: 'rettet i version 2.1', actor: { role: 'ops' }, breach: null });
    expect(items[1]).toMatchObject({ note: 'Ringet.\nDe ser på det.' });
    expect(items[4].text.da).toBe('Sagen er tildelt Mette.');
    expect(items[6]).toMatchObject({ actor: null, breach: { severity: 'warning', observed: { value: 75 } } });
  });

  it('pages through the timeline without gap or repetition', async () => {
    const { path, post } = await openCase('isv_pages');
    for (const number of [1, 2, 3, 4]) await post('notes', { note: `Notat ${number}` });
    const all = (await rooms.call('ops', 'GET', `${path}/timeline`)).body.items;
    expect(all).toHaveLength(5);
    const pages: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const next = cursor && `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await rooms.call('ops', 'GET', `${path}/timeline?limit=2${next}`);
      pages.push(...body.items);
      cursor = body.nextCursor;
    }
    expect(pages).toEqual(all);
    expect((await rooms.call('ops', 'GET', `${path}/timeline?cursor=x`)).status).toBe(400);
  });

  it('is refused where another version holds, the step is not possible, or a value is wrong', async () => {
    const { post, read } = await openCase('isv_refused');
    const wrong: [string, object, number, string][] = [
      ['acknowledge', { version: 7 }, 409, 'stale-version'],
      ['reopen', { reason: 'nej' }, 409, 'move-not-allowed'],
      ['resolve', {}, 400, 'invalid-input'],
      ['snooze', { until: '2026-10-05T07:00:00Z' }, 422, 'in-the-past'],
      ['contact', { deadline: '2028-01-01T00:00:00Z' }, 422, 'too-far-ahead'],
      ['notes', { note: 'a'.repeat(2_001) }, 400, 'invalid-input'],
      ['assign', { assignee: 'a'.repeat(101) }, 400, 'invalid-input'],
    ];
    const before = await read();
    for (const [command, body, status, code] of wrong) {
      const answer = await post(command, body);
      expect([command, answer.status, answer.body.type]).toEqual([
        command,
        status,
        `urn:taxameter:problem:${code}`,
      ]);
    }
    expect((await post('reopen', { reason: 'nej' })).body).toMatchObject({
      state: 'open',
      allowed: ['acknowledge', 'assign', 'contact', 'snooze', 'resolve', 'markFalsePositive', 'note'],
    });
    expect(await read()).toEqual(before);
    const none = await rooms.call('ops', 'POST', '/v1/breaches/br_none/acknowledge', { body: {} });
    expect(none.status).toBe(404);
    for (const role of ['partner', 'finance'] as const) {
      const path = `/v1/breaches/${before.breachId}/acknowledge`;
      expect((await rooms.call(role, 'POST', path, { body: {}, partnerId: 'par_a' })).status).toBe(403);
    }
  });

  it('that sends a step twice with one Idempotency-Key has made it once', async () => {
    const { path, post } = await openCase('isv_twice');
    const headers = { 'idempotency-key': 'note-1' };
    const first = await post('notes', { note: 'Én gang.' }, headers);
    expect((await post('notes', { note: 'Én gang.' }, headers)).body).toEqual(first.body);
    expect(await kindsOf(path)).toEqual(['noted', 'opened']);
  });

  it('settles a case once when two do it at the same moment', async () => {
    const { id, post } = await openCase('isv_race');
    const answers = await Promise.all([1, 2, 3].map(() => post('resolve', { reason: 'rettet' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect((await factsOf(id)).map(({ type }) => type.split('.')[3])).toEqual([
      'breach_opened',
      'breach_resolved',
    ]);
  });

  it('that settles a case tells it, with the minute through which it is settled', async () => {
    const { id, post, read } = await openCase('isv_told');
    await post('resolve', { reason: 'rettet' });
    const shown = await read();
    expect(shown).toMatchObject({
      state: 'resolved',
      version: 2,
      resolvedThrough: '2026-10-05T08:00:00.000Z',
      observed: { value: 75 },
    });
    const facts = await factsOf(id);
    expect(facts.at(-1)).toMatchObject({
      type: 'dk.dinero.fairuse.breach_resolved.v1',
      time: new Date(NOW).toISOString(),
      data: { version: 2, state: 'resolved', severity: 'warning', observed: facts[0]!.data.observed },
    });
    expect(shown.versions.map(({ change }: { change: string }) => change)).toEqual(['opened', 'resolved']);
  });

  it('leaves names and notes neither in facts nor in the audit nor in the answers kept for a repeated command', async () => {
    const { id, post } = await openCase('isv_words');
    await post('notes', { note: 'Karla er syg.' }, { 'idempotency-key': 'words-1' });
    await post('assign', { assignee: 'Karla' }, { 'idempotency-key': 'words-2' });
    await post('resolve', { reason: 'rettet' }, { 'idempotency-key': 'words-3' });
    expect(JSON.stringify(await factsOf(id))).not.toContain('Karla');
    for (const table of ['audit_entry', 'idempotency_key', 'breach', 'breach_version']) {
      const kept = JSON.stringify(await rooms.databases.get('fair-use')!.query(`select * from ${table}`));
      expect(kept).toContain(id);
      expect(kept).not.toContain('Karla');
    }
  });

  it('finds a case from before it could be handled untouched and without a deadline, and takes it up', async () => {
    await openCase('isv_old');
    await rooms.databases.get('fair-use')!.query(
      `insert into breach
       select (jsonb_populate_record(breach, jsonb_build_object('breach_id', 'br_old', 'breach_key', 'old',
                 'body', body || jsonb_build_object('breachId', 'br_old')))).*
       from breach where integration_id = 'isv_old'`,
    );
    expect(await idsOf('integrationId=isv_old&handlingState=open')).toContain('br_old');
    const { body } = await rooms.call('ops', 'GET', '/v1/breaches/br_old');
    expect(body.handling).toMatchObject({ version: 0, state: 'open', deadline: null });
    const path = '/v1/breaches/br_old/acknowledge';
    const taken = await rooms.call('ops', 'POST', path, { body: { version: 0 } });
    expect([taken.status, taken.body]).toMatchObject([200, { version: 1, state: 'acknowledged' }]);
  });

  it('cannot rewrite what was done', async () => {
    const database = rooms.databases.get('fair-use')!;
    await expect(database.query("update audit_entry set actor_id = 'x'")).rejects.toThrow(/denied/);
    await expect(database.query('delete from audit_entry')).rejects.toThrow(/denied/);
    await expect(database.query('delete from breach_handling')).rejects.toThrow(/denied/);
  });
});

describe('a false positive', () => {
  it('settles the case and is counted for its rule, until that is taken back', async () => {
    const ofRule = async () => {
      const { body } = await rooms.call('ops', 'GET', '/v1/rules/statistics');
      return body.rules.find(({ ruleId }: { ruleId: string }) => ruleId === 'RATE_MINUTE');
    };
    const before = await ofRule();
    const { post, read, path } = await openCase('isv_false');
    await post('false-positive', { reason: 'aftalt flytning' });
    expect(await read()).toMatchObject({
      state: 'resolved',
      handling: { state: 'resolved', isFalsePositive: true },
    });
    expect(await ofRule()).toEqual({
      ...before,
      cases: before.cases + 1,
      occurrences: before.occurrences + 1,
      falsePositives: before.falsePositives + 1,
    });
    expect(await kindsOf(path)).toEqual(['marked_false_positive', 'opened']);
    await post('reopen', { reason: 'var ikke aftalt' });
    expect(await ofRule()).toMatchObject({
      open: before.open + 1,
      falsePositives: before.falsePositives,
    });
    expect((await rooms.call('partner', 'GET', '/v1/rules/statistics', { partnerId: 'par_a' })).status).toBe(
      403,
    );
  });

  it('names a rule that never opened a case too', async () => {
    const { body } = await rooms.call('ops', 'GET', '/v1/rules/statistics');
    expect(body.rules.map(({ ruleId }: { ruleId: string }) => ruleId).sort()).toEqual(
      RULES.map(({ id }) => id).sort(),
    );
  });
});

describe('a partner', () => {
  it('sees where its case stands and by when, and no names, reasons and internal steps', async () => {
    const { id, path, post } = await openCase('isv_partner');
    await rooms.producer.append([
      ownedBy('isv_partner', [{ partnerId: 'par_a', from: '2026-01-01T00:00:00Z' }]),
    ]);
    await rooms.settle();
    await post('acknowledge', { reason: 'Karla ser på det' });
    await post('assign', { assignee: 'Karla' });
    await post('snooze', { until: '2026-10-06T08:00:00Z' });
    await post('notes', { note: 'Karla er syg.' });
    await post('contact');
    const asPartner = (to: string, partnerId = 'par_a') => rooms.call('partner', 'GET', to, { partnerId });

    const shown = (await asPartner(path)).body;
    expect(shown.handling).toMatchObject({
      state: 'contacted',
      deadline: TEN_DAYS,
      assignee: null,
      contact: null,
    });
    const { items } = (await asPartner(`${path}/timeline`)).body;
    expect(items.map(({ kind }: { kind: string }) => kind)).toEqual(['contacted', 'acknowledged', 'opened']);
    expect(items[0]).toMatchObject({ actor: { id: null, role: 'ops' }, reason: null });
    const list = (await asPartner('/v1/breaches')).body;
    expect(list.items.map(({ breachId }: { breachId: string }) => breachId)).toEqual([id]);
    expect(JSON.stringify([shown, items, list])).not.toContain('Karla');
    expect((await asPartner('/v1/breaches?assignee=Karla')).status).toBe(403);
    expect((await asPartner(`${path}/timeline`, 'par_b')).status).toBe(404);
    expect(await rowsSeenBy('par_a')).toEqual({ handling: 1, words: 0, internal: 0, steps: 2 });
    expect(await rowsSeenBy('par_b')).toEqual({ handling: 0, words: 0, internal: 0, steps: 0 });
  });
});

/** What the database itself shows to a partner. */
async function rowsSeenBy(partnerId: string) {
  return rooms.databases.get('fair-use')!.transaction(async (tx) => {
    await tx.query("select set_config('taxameter.partner', $1, true)", [partnerId]);
    const [row] = await tx.query<unknown[]>(
      `select (select count(*)::integer from breach_handling) as handling,
              (select count(*)::integer from breach_words) as words,
              (select count(*)::integer from audit_entry where action = 'breach_noted') as internal,
              (select count(*)::integer from audit_entry) as steps`,
    );
    return row;
  });
}
