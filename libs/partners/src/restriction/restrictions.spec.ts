import { TOPICS, usageProfiled } from '@taxameter/contracts';
import type { TestRooms } from '@taxameter/platform/testing';
import {
  auditOf,
  factsOf,
  NOW,
  recordOfFact,
  startBeside,
  startPartnersRoom,
} from '../partners-room.testing.js';

let rooms: TestRooms;

const JULY = '2026-07-01T00:00:00+02:00';
const UNTIL = '2026-10-05T12:00:00.000Z';

beforeAll(async () => {
  rooms = await startPartnersRoom();
  for (const partnerId of ['par_a', 'par_b']) {
    await rooms.call('ops', 'PUT', `/v1/partners/${partnerId}`, { body: { name: partnerId } });
  }
});

afterAll(() => rooms.stop());

const body = (integrationId: string, more: object = {}) => ({
  integrationId,
  scope: 'integration',
  mode: 'block',
  capability: 'sms',
  reasonCode: 'sms_terms',
  clause: 'SMS, punkt 3',
  note: { da: 'SMS er spærret, mens I retter fejlen.', en: 'SMS is blocked while you mend the fault.' },
  endCondition: { da: 'Når fejlen er rettet.', en: 'When the fault is mended.' },
  reason: 'sløjfe om natten',
  ...more,
});
const post = (path: string, wanted: object, headers = {}) =>
  rooms.call('ops', 'POST', path, { body: wanted, headers });
const impose = (integrationId: string, more: object = {}) =>
  post('/v1/restrictions', body(integrationId, more));
const preview = (integrationId: string, more: object = {}) => {
  const { reason: _, ...wanted } = body(integrationId, more) as { reason: string };
  return post('/v1/restrictions/preview', wanted);
};

async function integration(integrationId: string, organizations: readonly string[] = []) {
  const details = { name: integrationId, kind: 'public', partnerId: 'par_a', from: JULY };
  await rooms.call('ops', 'PUT', `/v1/integrations/${integrationId}`, { body: details });
  for (const id of organizations) {
    await rooms.call('ops', 'PUT', `/v1/integrations/${integrationId}/agreements/${id}`, {
      body: { name: `Kunde ${id}` },
    });
  }
}

describe('restricting', () => {
  it('is answered whole, audited, and published to gateways in the same step, without names', async () => {
    await integration('isv_loop', ['148383']);
    const { status, body: answer } = await impose('isv_loop', { until: UNTIL, breachId: 'br_1' });
    expect(status).toBe(201);
    expect(answer).toMatchObject({ version: 1, from: NOW, until: UNTIL, breachId: 'br_1', ended: null });
    expect(await auditOf(rooms, `restriction|${answer.restrictionId}`)).toMatchObject([
      { action: 'restriction_created', reason: 'sløjfe om natten', after: { imposedBy: answer.imposedBy } },
    ]);
    const facts = await factsOf(rooms, 'isv_loop');
    expect(facts).toMatchObject([
      { data: { version: 1, restrictions: [] } },
      { data: { version: 2, status: [{ status: 'active' }], restrictions: [{ capability: 'sms' }] } },
    ]);
    expect(JSON.stringify(facts)).not.toContain(answer.imposedBy);
    expect(JSON.stringify(facts)).not.toContain('sløjfe');
  });

  it('is refused by field and rule, and then nothing is done', async () => {
    await integration('isv_wrong', ['148383']);
    const wrong: [object, number, string, string][] = [
      [{ from: UNTIL, until: '2026-10-05T11:00:00Z' }, 422, 'ends-before-it-starts', 'until'],
      [{ until: '2026-10-05T07:00:00Z' }, 422, 'until-in-the-past', 'until'],
      [{ scope: 'agreements', organizationIds: ['999'] }, 422, 'unknown-agreement', 'organizationIds'],
      [{ capability: 'everything' }, 400, 'invalid-input', 'capability'],
      [{ scope: 'everybody' }, 400, 'invalid-input', 'scope'],
      [{ mode: 'throttle' }, 422, 'limit-and-mode', 'limitPerMinute'],
      [{ integrationId: 'isv wrong' }, 400, 'invalid-input', 'integrationId'],
    ];
    for (const [more, status, code, field] of wrong) {
      const { status: got, body: problem } = await impose('isv_wrong', more);
      expect([got, problem.type, problem.errors[0].field]).toEqual([
        status,
        `urn:taxameter:problem:${code}`,
        field,
      ]);
    }
    expect((await impose('isv_nobody')).status).toBe(404);
    expect(await factsOf(rooms, 'isv_wrong')).toHaveLength(1);
    const { body: list } = await rooms.call('ops', 'GET', '/v1/restrictions?integrationId=isv_wrong');
    expect(list.items).toEqual([]);
  });

  it('is refused on a deactivated integration', async () => {
    await integration('isv_dead');
    await post('/v1/integrations/isv_dead/deactivate', { reason: 'misbrug' });
    const { status, body: problem } = await impose('isv_dead');
    expect([status, problem.type]).toEqual([409, 'urn:taxameter:problem:integration-deactivated']);
  });

  it('by two people who saw the same preview is done by the first only', async () => {
    await integration('isv_two');
    const { body: seen } = await preview('isv_two');
    const answers = await Promise.all([
      impose('isv_two', { version: seen.version }),
      impose('isv_two', { version: seen.version }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const refused = answers.find(({ status }) => status === 409)!;
    expect(refused.body).toMatchObject({
      type: 'urn:taxameter:problem:stale-version',
      version: 2,
      errors: [{ field: 'version' }],
    });
    const { body: now } = await preview('isv_two');
    expect(now).toMatchObject({ version: 2, restrictions: [{ capability: 'sms' }] });
  });

  it('twice with one Idempotency-Key is restricting once', async () => {
    await integration('isv_key');
    const headers = { 'idempotency-key': 'impose-1' };
    const first = await post('/v1/restrictions', body('isv_key'), headers);
    const second = await post('/v1/restrictions', body('isv_key'), headers);
    expect(second.body).toEqual(first.body);
    expect(await factsOf(rooms, 'isv_key')).toHaveLength(2);
  });

  it('is for ops', async () => {
    for (const role of ['finance', 'partner', 'gateway', 'ingest'] as const) {
      const { status } = await rooms.call(role, 'POST', '/v1/restrictions', { body: body('isv_loop') });
      expect([role, status]).toEqual([role, 403]);
    }
  });
});

describe('a preview', () => {
  it('tells which agreements a restriction would bind, and does nothing', async () => {
    await integration('isv_seen', ['1', '2', '3']);
    await rooms.call('ops', 'PUT', '/v1/integrations/isv_seen/agreements/3', { body: { status: 'ended' } });
    expect((await preview('isv_seen')).body).toMatchObject({
      version: 1,
      agreementCount: 2,
      restrictions: [],
    });
    const some = await preview('isv_seen', { scope: 'agreements', organizationIds: ['2'] });
    expect(some.body).toMatchObject({
      agreementCount: 1,
      agreements: [{ organizationId: '2', name: 'Kunde 2' }],
    });
    expect((await preview('isv_seen', { until: '2026-01-01T00:00:00Z' })).status).toBe(422);
    expect(await factsOf(rooms, 'isv_seen')).toHaveLength(1);
  });
});

describe('a preview of an integration whose use is known', () => {
  it('tells the calls a day that it would bind, and the throttle that leaves normal use alone', async () => {
    await integration('isv_used', ['1', '2']);
    expect((await preview('isv_used')).body.use).toBeNull();
    const profile = (day: string, callsPerBusyMinute: number) =>
      recordOfFact(TOPICS.usageProfiles, 'isv_used', usageProfiled.type, {
        integrationId: 'isv_used',
        version: Date.parse(day) / 86_400_000,
        day,
        daysWithCalls: 14,
        callsPerDay: 9_000,
        callsPerBusyMinute,
        agreementCount: 2,
        callsPerBusyMinuteOfAgreement: 3,
        agreements: [{ organizationId: '1', callsPerDay: 8_000, callsPerBusyMinute: 30 }],
      });
    await rooms.producer.append([profile('2026-10-04', 40), profile('2026-10-03', 99)]);
    await rooms.settle();
    expect((await preview('isv_used')).body).toMatchObject({
      agreementCount: 2,
      use: { day: '2026-10-04', callsPerDay: 9_000, suggestedLimitPerMinute: 60 },
    });
    const some = await preview('isv_used', { scope: 'agreements', organizationIds: ['1'] });
    expect(some.body.use).toMatchObject({ callsPerDay: 8_000, suggestedLimitPerMinute: 45 });
  });
});

describe('a restriction in force', () => {
  it('is changed and lifted by those who saw its version, each step with its reason', async () => {
    await integration('isv_steps', ['148383']);
    const throttle = {
      mode: 'throttle',
      limitPerMinute: 20,
      scope: 'agreements',
      organizationIds: ['148383'],
    };
    const { body: made } = await impose('isv_steps', { ...throttle, capability: 'reads' });
    const path = `/v1/restrictions/${made.restrictionId}`;
    const changed = await post(`${path}/change`, {
      limitPerMinute: 40,
      until: UNTIL,
      reason: 'bedre',
      version: 1,
    });
    expect(changed.body).toMatchObject({ version: 2, limitPerMinute: 40, until: UNTIL, changed: true });
    const stale = await post(`${path}/change`, { limitPerMinute: 5, reason: 'så dog', version: 1 });
    expect([stale.status, stale.body.version]).toEqual([409, 2]);
    const lifted = await post(`${path}/lift`, { reason: 'rettet', version: 2 });
    expect(lifted.body).toMatchObject({ version: 3, ended: 'lifted', endedAt: NOW });
    expect((await post(`${path}/lift`, { reason: 'igen' })).body).toMatchObject({
      version: 3,
      changed: false,
    });
    expect((await post(`${path}/change`, { limitPerMinute: 5, reason: 'sent' })).status).toBe(409);
    const facts = await factsOf(rooms, 'isv_steps');
    expect(
      facts.map(({ data }) => (data as never as { restrictions: unknown[] }).restrictions.length),
    ).toEqual([0, 1, 1, 0]);
    const { body: timeline } = await rooms.call('ops', 'GET', '/v1/integrations/isv_steps/timeline');
    expect(timeline.items.map(({ action, reason }: Record<string, string>) => [action, reason])).toEqual([
      ['restriction_lifted', 'rettet'],
      ['restriction_changed', 'bedre'],
      ['restriction_created', 'sløjfe om natten'],
      ['integration_created', null],
    ]);
    expect(timeline.items[2]).toMatchObject({
      actor: { id: made.imposedBy, role: 'ops' },
      text: {
        da: 'Kald, der læser, begrænses til 20 i minuttet for aftale 148383 fra 5. oktober 2026 kl. 10.00 og indtil videre.',
      },
    });
  });

  it('is listed by integration and by instant, page by page', async () => {
    await integration('isv_list');
    await impose('isv_list', { until: UNTIL });
    await impose('isv_list', { from: UNTIL, until: '2026-10-06T12:00:00Z', capability: 'all' });
    const list = async (query: string) =>
      (await rooms.call('ops', 'GET', `/v1/restrictions?integrationId=isv_list&${query}`)).body;
    const capabilities = ({ items }: { items: { capability: string }[] }) =>
      items.map((item) => item.capability);
    expect(capabilities(await list('')).sort()).toEqual(['all', 'sms']);
    expect(capabilities(await list(`activeAt=${NOW}`))).toEqual(['sms']);
    expect(capabilities(await list(`activeAt=${UNTIL}`))).toEqual(['all']);
    const phases = async (beside: TestRooms) => {
      const { body: found } = await beside.call('ops', 'GET', '/v1/restrictions?integrationId=isv_list');
      return found.items.map(({ phase }: { phase: string }) => phase).sort();
    };
    expect(await phases(rooms)).toEqual(['in_force', 'planned']);
    const later = await startBeside(rooms, UNTIL);
    expect(await phases(later)).toEqual(['in_force', 'over']);
    await later.stop();
    const first = await list('limit=1');
    const second = await list(`limit=1&cursor=${first.nextCursor}`);
    expect([...capabilities(first), ...capabilities(second)].sort()).toEqual(['all', 'sms']);
    expect(second.nextCursor).toBeNull();
  });

  it('is shown to the owner of its integration without names, and to no other partner', async () => {
    await integration('isv_own');
    const { body: made } = await impose('isv_own');
    const as = (partnerId: string, path: string) => rooms.call('partner', 'GET', path, { partnerId });
    const seen = await as('par_a', '/v1/restrictions?integrationId=isv_own');
    expect(seen.body.items).toMatchObject([
      { imposedBy: null, note: { da: expect.stringContaining('spærret') } },
    ]);
    expect((await as('par_a', `/v1/restrictions/${made.restrictionId}`)).body.imposedBy).toBeNull();
    const timeline = await as('par_a', '/v1/integrations/isv_own/timeline');
    expect(timeline.body.items).toHaveLength(2);
    expect(JSON.stringify([seen.body, timeline.body])).not.toMatch(new RegExp(`${made.imposedBy}|sløjfe`));
    expect((await as('par_b', '/v1/restrictions?integrationId=isv_own')).body.items).toEqual([]);
    expect((await as('par_b', `/v1/restrictions/${made.restrictionId}`)).status).toBe(404);
    expect((await as('par_b', '/v1/integrations/isv_own/timeline')).status).toBe(404);
    const sold = { name: 'isv_own', kind: 'public', partnerId: 'par_b', from: NOW };
    await post(`/v1/restrictions/${made.restrictionId}/lift`, { reason: 'solgt' });
    await rooms.call('ops', 'PUT', '/v1/integrations/isv_own', { body: sold });
    expect((await as('par_b', '/v1/restrictions?integrationId=isv_own')).body.items).toEqual([]);
    expect((await as('par_a', '/v1/restrictions?integrationId=isv_own')).body.items).toEqual([]);
  });

  it('ends by itself, and that is said once on the timeline and in the feed, however many processes run', async () => {
    await integration('isv_ends');
    const { body: made } = await impose('isv_ends', { until: UNTIL });
    const later = '2026-10-05T13:00:00.000Z';
    const beside = await Promise.all([startBeside(rooms, later), startBeside(rooms, later)]);
    const path = `/v1/restrictions/${made.restrictionId}`;
    try {
      const deadline = Date.now() + 10_000;
      let found = made;
      while (found.ended === null && Date.now() < deadline)
        found = (await rooms.call('ops', 'GET', path)).body;
      expect(found).toMatchObject({ version: 2, ended: 'expired', endedAt: UNTIL });
    } finally {
      for (const process of beside) await process.stop();
    }
    const audit = await auditOf(rooms, `restriction|${made.restrictionId}`);
    expect(audit.map(({ action, actor_role }) => [action, actor_role])).toEqual([
      ['restriction_created', 'ops'],
      ['restriction_expired', 'system'],
    ]);
    const { body: feed } = await rooms.call('gateway', 'GET', '/v1/enforcement?after=0');
    expect(feed.integrations.at(-1)).toMatchObject({
      integrationId: 'isv_ends',
      version: 3,
      restrictions: [],
    });
  });

  it('cannot be deleted by the room itself', async () => {
    const database = rooms.databases.get('partners')!;
    await expect(database.query('delete from restriction')).rejects.toThrow('permission denied');
    await expect(database.query('delete from enforcement_revision')).rejects.toThrow('permission denied');
  });
});
