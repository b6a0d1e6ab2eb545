import { TOPICS, type IntegrationObserved } from '@taxameter/contracts';
import type { TestRooms } from '@taxameter/platform/testing';
import { factsOf, NOW, startPartnersRoom } from '../partners-room.testing.js';

let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startPartnersRoom();
});

afterAll(() => rooms.stop());

const wanted = {
  integrationName: 'Lageret',
  purpose: 'Henter fakturaer til lagerstyring.',
  scopes: [{ scope: 'dineropublicapi:read', why: 'læser fakturaer' }],
  expected: { callsPerDay: 5_000, smsPerMonth: 0 },
};
const applicant = { name: 'Lager ApS', cvr: '12345674', email: 'post@lager.dk', language: 'da' };

const post = (path: string, body: object) => rooms.call('ops', 'POST', path, { body });
/** Accepts or approves, by the version that is there. */
async function decide(path: string, move: 'accept' | 'approve', more: object) {
  const { body } = await rooms.call('ops', 'GET', path);
  return post(`${path}/${move}`, { version: body.version, ...more });
}
const apply = (body: object = {}, headers = {}) =>
  rooms.call('anonymous', 'POST', '/v1/applications', { body: { ...wanted, applicant, ...body }, headers });
const bySecret = (secret: string) => ({ authorization: `Bearer ${secret}` });

let partners = 0;
/** By ops for a partner, so that the limit of one address is spent on the tests that are about it. */
async function applied() {
  const name = `par_${(partners += 1)}`;
  await rooms.call('ops', 'PUT', `/v1/partners/${name}`, { body: { name: 'Lager ApS' } });
  const { status, body } = await post(`/v1/partners/${name}/applications`, {
    ...wanted,
    email: applicant.email,
  });
  expect(status).toBe(201);
  return { id: body.applicationId, path: `/v1/applications/${body.applicationId}`, partnerId: name };
}

let integrations = 0;
async function inReview() {
  const application = await applied();
  const integrationId = `isv_review_${(integrations += 1)}`;
  const { status } = await decide(application.path, 'accept', { integrationId });
  expect(status).toBe(200);
  return { ...application, integrationId };
}

/** The integration is somebody else's from now on. */
async function handOver(integrationId: string) {
  await rooms.call('ops', 'PUT', '/v1/partners/par_next', {
    body: { name: 'Næste ApS', cvr: '12345674', email: 'post@next.dk', language: 'en' },
  });
  const body = { name: 'Lageret', kind: 'public', partnerId: 'par_next', from: NOW };
  expect((await rooms.call('ops', 'PUT', `/v1/integrations/${integrationId}`, { body })).status).toBe(200);
}

/** What fair-use says of an integration, as a fact on its topic. */
async function observe(integrationId: string, version: number, data: Partial<IntegrationObserved>) {
  const observed = {
    ...{ integrationId, version, kind: 'public', windowStart: NOW, windowEnd: NOW, firstSeenAt: NOW },
    ...{ lastSeenAt: NOW, calls: 10, busiestDayCalls: 10, writeCalls: 0, clientErrors: 0, forbidden: 0 },
    ...{ tokenCalls: 10, otherAuthCalls: 0, sweeps: 0, changesSinceSweeps: 0, laterPages: 0 },
    ...{ smallLaterPages: 0, throttledCalls: 0, throttledMinutes: 0, smsCalls: 0, scopes: [] },
    ...data,
  };
  const type = 'dk.dinero.fairuse.integration_observed.v1';
  const event = { specversion: '1.0', id: `${integrationId}/${version}`, source: '/t', type, time: NOW };
  await rooms.producer.append([
    {
      topic: TOPICS.observations.name,
      partition: 0,
      key: `integration|${integrationId}`,
      headers: { 'content-type': 'application/cloudevents+json' },
      value: new TextEncoder().encode(
        JSON.stringify({ ...event, subject: `integration|${integrationId}`, data: observed }),
      ),
    },
  ]);
  await rooms.settle();
}

describe('an application of somebody without an account', () => {
  it('is shown to who has its secret, and to nobody else', async () => {
    const { status, body } = await apply();
    expect(status).toBe(201);
    expect(body.application).toMatchObject({ state: 'applied', kind: 'new', partnerId: null });
    const path = `/v1/applications/${body.application.applicationId}/for-applicant`;
    const seen = await rooms.call('anonymous', 'GET', path, { headers: bySecret(body.secret) });
    expect(seen.body).toMatchObject({ state: 'applied', details: { applicant }, checklist: [] });
    expect(seen.body.steps).toMatchObject([{ text: { da: 'Der er ansøgt om integrationen.' } }]);
    expect(
      JSON.stringify(await rooms.databases.get('partners')!.query('select * from application')),
    ).not.toContain(body.secret);
    for (const headers of [{}, bySecret('app_wrong')]) {
      expect((await rooms.call('anonymous', 'GET', path, { headers })).status).toBe(404);
    }
    const withdrawn = await rooms.call('anonymous', 'POST', `${path}/withdraw`, {
      body: {},
      headers: bySecret(body.secret),
    });
    expect(withdrawn.body).toMatchObject({ state: 'withdrawn', integrationId: null });
  });

  it('tells by its secret how the calls look while they are reviewed, and not how they look for ever', async () => {
    const { body } = await apply();
    const path = `/v1/applications/${body.application.applicationId}`;
    const calls = async () => {
      const headers = bySecret(body.secret);
      const { body: seen } = await rooms.call('anonymous', 'GET', `${path}/for-applicant`, { headers });
      return seen.checklist[0]?.figure;
    };
    await decide(path, 'accept', { integrationId: 'isv_by_secret' });
    await observe('isv_by_secret', 1, { calls: 7 });
    expect(await calls()).toBe(7);
    await decide(path, 'approve', { note: 'ok' });
    await observe('isv_by_secret', 2, { calls: 70 });
    expect(await calls()).toBe(7);
  });

  it('repeated with its idempotency key is one application, whose secret is not told again', async () => {
    const headers = { 'idempotency-key': 'again-and-again' };
    const [first, second] = [await apply({}, headers), await apply({}, headers)];
    expect(second.body.application).toEqual(first.body.application);
    expect([typeof first.body.secret, second.body.secret]).toEqual(['string', null]);
  });

  it.each([
    ['a wrong CVR number', { applicant: { ...applicant, cvr: '12345678' } }, 'applicant.cvr'],
    ['no scope', { scopes: [] }, 'scopes'],
    ['a scope twice', { scopes: [wanted.scopes[0], wanted.scopes[0]] }, 'scopes'],
    ['a scope without a reason', { scopes: [{ scope: 'a:b', why: '' }] }, 'scopes.0.why'],
    ['a field that does not exist', { admin: true }, ''],
  ])('with %s is refused by field and rule', async (_, body, field) => {
    const { status, body: problem } = await apply(body);
    expect([status, problem.errors[0].field]).toEqual([400, field]);
  });

  it('leaves neither its applicant nor its words in the audit or in the answers kept for a repeated command', async () => {
    const secrets = { name: 'Karla Kvist', email: 'karla@kvist.dk', purpose: 'Til min fars bogføring.' };
    const { body } = await apply(
      {
        applicant: { ...applicant, name: secrets.name, email: secrets.email },
        purpose: secrets.purpose,
      },
      { 'idempotency-key': 'karla-1' },
    );
    const { applicationId } = body.application;
    const path = `/v1/applications/${applicationId}/for-applicant`;
    const headers = { ...bySecret(body.secret), 'idempotency-key': 'karla-2' };
    await rooms.call('anonymous', 'POST', `${path}/change`, { body: { testDate: '2026-11-01' }, headers });
    const { body: seen } = await rooms.call('ops', 'GET', `/v1/applications/${applicationId}`);
    expect(seen).toMatchObject({
      version: 2,
      details: { purpose: secrets.purpose, applicant: { name: secrets.name, email: secrets.email } },
    });
    const room = rooms.databases.get('partners')!;
    for (const table of ['audit_entry', 'idempotency_key']) {
      const kept = JSON.stringify(await room.query(`select * from ${table}`));
      expect(kept).toContain(applicationId);
      for (const secret of Object.values(secrets)) expect(kept).not.toContain(secret);
    }
  });

  it('is the last of its hour when its address has sent ten', async () => {
    for (let tries = 0; tries < 10; tries += 1) {
      const { status, headers, body } = await apply();
      if (status === 201) continue;
      expect([status, headers.get('retry-after')]).toEqual([429, '3600']);
      expect(body.type).toBe('urn:taxameter:problem:too-many-applications');
      return;
    }
    throw new Error('ten applications and more were let in');
  });

  it('creates its partner when the review begins', async () => {
    const { body } = await rooms.call('ops', 'GET', '/v1/applications?state=applied');
    const found = body.items.find(
      (item: { partnerId: string | null; details: { applicant: { name: string } } }) =>
        item.partnerId === null && item.details.applicant.name === applicant.name,
    );
    const integrationId = 'isv_new_partner';
    const accepted = await decide(`/v1/applications/${found.applicationId}`, 'accept', { integrationId });
    const { partnerId } = accepted.body;
    const partner = await rooms.call('ops', 'GET', `/v1/partners/${partnerId}`);
    expect(partner.body).toMatchObject({
      name: 'Lager ApS',
      cvr: '12345674',
      email: 'post@lager.dk',
      language: 'da',
    });
    expect(await factsOf(rooms, `partner|${partnerId}`)).toHaveLength(1);
    const integration = await rooms.call('ops', 'GET', `/v1/integrations/${integrationId}`);
    expect(integration.body).toMatchObject({ name: 'Lageret', ownership: [{ partnerId }] });
  });
});

describe('a review', () => {
  it('creates partner and integration together or not at all', async () => {
    await inReview();
    const { path } = await applied();
    const { status, body } = await decide(path, 'accept', { integrationId: 'isv_review_1' });
    expect([status, body.errors?.[0].field]).toEqual([409, 'integrationId']);
    expect((await rooms.call('ops', 'GET', path)).body).toMatchObject({ state: 'applied', version: 1 });
  });

  it('shows what the calls show, and keeps with a decision what the person saw', async () => {
    const { path, integrationId } = await inReview();
    await observe(integrationId, 1, { calls: 40, otherAuthCalls: 3, scopes: ['dineropublicapi:read'] });
    const stateOf = (items: { id: string; state: string }[], id: string) =>
      items.find((one) => one.id === id)?.state;
    const before = await rooms.call('ops', 'GET', path);
    expect(stateOf(before.body.checklist, 'token')).toBe('warning');
    expect(stateOf(before.body.checklist, 'scopes-not-used')).toBe('ok');
    const asked = await post(`${path}/ask`, { note: 'Brug token.' });
    expect(asked.body).toMatchObject({ state: 'in-review', awaitsAnswer: true });
    await observe(integrationId, 2, { calls: 80, otherAuthCalls: 0 });
    const approved = await decide(path, 'approve', { note: 'Velkommen.' });
    expect(approved.body).toMatchObject({ state: 'active', decidedAt: NOW });
    const { body } = await rooms.call('ops', 'GET', path);
    expect(body.decisions.map((one: { decision: string }) => one.decision)).toEqual([
      'change-asked',
      'approved',
    ]);
    expect(
      body.decisions.map((one: { checklist: { id: string; state: string }[] }) =>
        stateOf(one.checklist, 'token'),
      ),
    ).toEqual(['warning', 'ok']);
  });

  it('ignores an observation that is older than the one it has', async () => {
    const { path, integrationId } = await inReview();
    await observe(integrationId, 5, { calls: 50 });
    await observe(integrationId, 4, { calls: 40 });
    const { body } = await rooms.call('ops', 'GET', path);
    expect(body.checklist[0]).toMatchObject({ id: 'calls', figure: 50 });
  });

  it('that ends without approval deactivates the integration, which nobody can then reinstate', async () => {
    const { path, integrationId } = await inReview();
    await post(`${path}/reject`, { note: 'Vi kan ikke se, hvad adgangen skal bruges til.' });
    const { body } = await rooms.call('ops', 'GET', `/v1/integrations/${integrationId}`);
    expect(body.status.at(-1)).toMatchObject({ status: 'deactivated', from: NOW });
    expect((await factsOf(rooms, integrationId)).at(-1)!.data).toMatchObject({
      status: [{ status: 'deactivated' }],
    });
    const again = await post(`/v1/integrations/${integrationId}/reactivate`, { reason: 'x' });
    expect(again.body).toMatchObject({ status: 409, state: 'rejected', move: 'reinstate', allowed: [] });
  });

  it('refuses a move that the table does not have, naming the state, the move and what is allowed', async () => {
    const { path, integrationId } = await inReview();
    const early = await post(`/v1/integrations/${integrationId}/deactivate`, { reason: 'x' });
    expect(early.body).toMatchObject({ status: 409, state: 'in-review', move: 'deactivate' });
    await decide(path, 'approve', { note: 'ok' });
    const { status, body } = await post(`${path}/withdraw`, { reason: 'fortrudt' });
    expect([status, body.type]).toEqual([409, 'urn:taxameter:problem:move-not-allowed']);
    expect(body).toMatchObject({ state: 'active', move: 'withdraw', allowed: ['restrict', 'deactivate'] });
  });

  it('is not decided by somebody who saw an older application', async () => {
    const { path, partnerId } = await inReview();
    const { body } = await rooms.call('ops', 'GET', path);
    await rooms.call('partner', 'POST', `${path}/change`, { partnerId, body: { purpose: 'Noget andet.' } });
    const late = await decide(path, 'approve', { note: 'ok', version: body.version });
    expect([late.status, late.body.type]).toEqual([409, 'urn:taxameter:problem:stale-version']);
  });

  it('is neither begun nor approved by somebody who does not say which application was seen', async () => {
    const { path } = await applied();
    for (const [move, body] of [
      ['accept', { integrationId: 'isv_unseen' }],
      ['approve', { note: 'ok' }],
    ] as const) {
      const { status, body: problem } = await post(`${path}/${move}`, body);
      expect([move, status, problem.errors?.[0].field]).toEqual([move, 400, 'version']);
    }
  });
});

describe('the partner', () => {
  it('sees and withdraws its own application and no other', async () => {
    const { path, id, partnerId } = await inReview();
    const as = (partner: string, method: string, where: string, body?: object) =>
      rooms.call('partner', method, where, { partnerId: partner, ...(body && { body }) });
    const list = await as(partnerId, 'GET', '/v1/applications');
    expect(list.body.items.map((one: { applicationId: string }) => one.applicationId)).toEqual([id]);
    for (const [method, where, body] of [
      ['GET', path, undefined],
      ['POST', `${path}/withdraw`, { reason: 'x' }],
      ['POST', `${path}/change`, {}],
      ['POST', `/v1/partners/${partnerId}/applications`, { ...wanted, email: 'a@b.dk' }],
    ] as const) {
      expect([where, (await as('par_other', method, where, body)).status]).toEqual([where, 404]);
    }
    const own = await as(partnerId, 'GET', path);
    expect(own.body.steps.at(-1)).toMatchObject({ actor: { id: null }, reason: null });
    expect((await as(partnerId, 'POST', `${path}/withdraw`, { reason: 'fortrudt' })).body.state).toBe(
      'withdrawn',
    );
  });

  it('sees its calls while they are reviewed, and after that what was decided on, also when it has sold the integration', async () => {
    const { path, integrationId, partnerId } = await inReview();
    const callsSeenBy = async (role: 'partner' | 'ops', where = path) => {
      const { body } = await rooms.call(role, 'GET', where, role === 'partner' ? { partnerId } : {});
      return [body.checklist[0]?.figure, body.observedUntil];
    };
    await observe(integrationId, 1, { calls: 40 });
    expect(await callsSeenBy('partner')).toEqual([40, NOW]);
    await decide(path, 'approve', { note: 'ok' });
    await observe(integrationId, 2, { calls: 90 });
    expect(await callsSeenBy('partner')).toEqual([40, null]);
    expect(await callsSeenBy('ops')).toEqual([90, NOW]);
    const { body: asked } = await rooms.call('partner', 'POST', `/v1/partners/${partnerId}/applications`, {
      ...{ partnerId, body: { ...wanted, email: 'a@b.dk', integrationId } },
    });
    const scopes = `/v1/applications/${asked.applicationId}`;
    expect(await callsSeenBy('partner', scopes)).toEqual([90, NOW]);
    await handOver(integrationId);
    expect(await callsSeenBy('partner', scopes)).toEqual([undefined, null]);
    expect(await callsSeenBy('ops', scopes)).toEqual([90, NOW]);
  });

  it('asks for other scopes of an active integration, which goes on meanwhile and if they are refused', async () => {
    const { path, partnerId, integrationId } = await inReview();
    const more = { ...wanted, email: 'a@b.dk', integrationId };
    const ask = () =>
      rooms.call('partner', 'POST', `/v1/partners/${partnerId}/applications`, { partnerId, body: more });
    expect((await ask()).body).toMatchObject({ status: 409, errors: [{ field: 'integrationId' }] });
    await decide(path, 'approve', { note: 'ok' });
    const asked = await ask();
    expect(asked.body).toMatchObject({ kind: 'scopes', state: 'in-review' });
    const state = () =>
      rooms.call('partner', 'GET', `/v1/integrations/${integrationId}/life-cycle`, { partnerId });
    expect((await state()).body.state).toBe('active');
    await post(`/v1/applications/${asked.body.applicationId}/reject`, { note: 'nej' });
    expect((await state()).body).toMatchObject({
      state: 'active',
      moves: [{ move: 'restrict' }, { move: 'deactivate', to: 'deactivated', by: ['ops'] }],
    });
  });
});

type Step = { text: { en: string }; actor: { role: string }; reason: string | null };

describe('an approved integration', () => {
  it('is reviewed again once when it uses a scope that nobody approved', async () => {
    const { path, integrationId } = await inReview();
    const reviews = async () =>
      (await rooms.call('ops', 'GET', `/v1/applications?integrationId=${integrationId}`)).body.items;
    await observe(integrationId, 1, { scopes: ['dineropublicapi:write'] });
    expect(await reviews()).toHaveLength(1);
    await decide(path, 'approve', { note: 'ok' });
    await observe(integrationId, 2, { scopes: ['dineropublicapi:read'] });
    expect(await reviews()).toHaveLength(1);
    await observe(integrationId, 3, { scopes: ['dineropublicapi:read', 'dineropublicapi:write'] });
    await observe(integrationId, 4, { scopes: ['dineropublicapi:read', 'dineropublicapi:write'] });
    const [review, ...rest] = (await reviews()).filter((one: { kind: string }) => one.kind === 'scopes');
    expect([review.state, rest]).toEqual(['in-review', []]);
    expect(review.details.scopes.map((one: { scope: string }) => one.scope)).toEqual([
      'dineropublicapi:read',
      'dineropublicapi:write',
    ]);
    await post(`/v1/applications/${review.applicationId}/reject`, { note: 'nej' });
    await observe(integrationId, 5, { scopes: ['dineropublicapi:read', 'dineropublicapi:write'] });
    expect(await reviews()).toHaveLength(2);
  });

  it('is reviewed with its present owner as the applicant, who reads nothing that the former one wrote', async () => {
    const { path, integrationId } = await inReview();
    await decide(path, 'approve', { note: 'ok' });
    await handOver(integrationId);
    await observe(integrationId, 1, { scopes: ['dineropublicapi:write'] });
    const { body } = await rooms.call('partner', 'GET', '/v1/applications', { partnerId: 'par_next' });
    const review = body.items.find((one: { integrationId: string }) => one.integrationId === integrationId);
    const next = { name: 'Næste ApS', cvr: '12345674', email: 'post@next.dk', language: 'en' };
    expect(review).toMatchObject({ partnerId: 'par_next', details: { applicant: next } });
    const words = JSON.stringify(review);
    for (const theirs of [wanted.purpose, wanted.scopes[0]!.why, applicant.email, applicant.name]) {
      expect(words).not.toContain(theirs);
    }
    expect(words).toContain('Approved for the former owner.');
  });

  it('does not make scopes known by asking for them and withdrawing, and cannot withdraw the review that the system opens', async () => {
    const { path, integrationId, partnerId } = await inReview();
    await decide(path, 'approve', { note: 'ok' });
    const as = (method: string, where: string, body: object) =>
      rooms.call('partner', method, where, { partnerId, body });
    const asked = await as('POST', `/v1/partners/${partnerId}/applications`, {
      ...{ ...wanted, email: 'a@b.dk', integrationId },
      scopes: [{ scope: 'dineropublicapi:admin', why: 'for en sikkerheds skyld' }],
    });
    const own = `/v1/applications/${asked.body.applicationId}`;
    expect((await as('POST', `${own}/withdraw`, { reason: 'fortrudt' })).status).toBe(200);
    await observe(integrationId, 1, { scopes: ['dineropublicapi:admin'] });
    const { body } = await rooms.call(
      'ops',
      'GET',
      `/v1/applications?integrationId=${integrationId}&state=in-review`,
    );
    expect(body.items).toMatchObject([{ openedBySystem: true, partnerId }]);
    const review = `/v1/applications/${body.items[0].applicationId}`;
    const withdrawn = await as('POST', `${review}/withdraw`, { reason: 'fortrudt' });
    expect(withdrawn.body).toMatchObject({ status: 409, state: 'in-review', move: 'withdraw' });
    expect(withdrawn.body.allowed).not.toContain('withdraw');
    expect((await rooms.call('ops', 'GET', review)).body.state).toBe('in-review');
  });

  it('has every step on its timeline, with who and why', async () => {
    const { path, integrationId } = await inReview();
    await decide(path, 'approve', { note: 'Velkommen.' });
    await post(`/v1/integrations/${integrationId}/deactivate`, { reason: 'misbrug' });
    await post(`/v1/integrations/${integrationId}/reactivate`, { reason: 'rettet' });
    const { body } = await rooms.call('ops', 'GET', `/v1/integrations/${integrationId}/timeline`);
    expect(
      body.items.map(({ text, actor, reason }: Step) => [text.en, actor.role, reason]).reverse(),
    ).toEqual([
      ['The integration was applied for.', 'ops', null],
      ['The technical review has begun.', 'ops', null],
      ['The integration was recorded.', 'ops', expect.stringContaining('application app_')],
      ['The integration was approved.', 'ops', 'Velkommen.'],
      ['The integration was deactivated.', 'ops', 'misbrug'],
      ['The integration was reinstated.', 'ops', 'rettet'],
    ]);
  });
});
