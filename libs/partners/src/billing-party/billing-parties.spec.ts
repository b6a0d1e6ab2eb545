import { TOPICS, type AgreementObserved } from '@taxameter/contracts';
import type { TestRooms } from '@taxameter/platform/testing';
import { factsOf, NOW, startPartnersRoom } from '../partners-room.testing.js';
import { payersFrom } from './billing-party.js';

let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startPartnersRoom();
  for (const partnerId of ['par_a', 'par_b']) {
    await rooms.call('ops', 'PUT', `/v1/partners/${partnerId}`, { body: { name: partnerId } });
  }
});

afterAll(() => rooms.stop());

const SEPTEMBER = '2026-09-01T00:00:00.000Z';
const put = (path: string, body: object) => rooms.call('finance', 'PUT', path, { body });
const personal = (id: string, body: object) =>
  rooms.call('ops', 'PUT', `/v1/integrations/${id}`, { body: { name: id, kind: 'personal', ...body } });
const payerOf = (id: string, query = '') =>
  rooms.call('finance', 'GET', `/v1/integrations/${id}/billing-party${query}`);

async function tell(type: string, key: string, data: object) {
  const event = { specversion: '1.0', id: key, source: '/t', type, time: NOW, subject: key, data };
  await rooms.producer.append([
    {
      topic: TOPICS.observations.name,
      partition: 0,
      key,
      headers: { 'content-type': 'application/cloudevents+json' },
      value: new TextEncoder().encode(JSON.stringify(event)),
    },
  ]);
  await rooms.settle();
}

const learn = (data: AgreementObserved) =>
  tell(
    'dk.dinero.fairuse.agreement_observed.v1',
    `agreement|${data.integrationId}|${data.organizationId}`,
    data,
  );

describe('a personal integration', () => {
  it('is owned by who pays for its organisation, and follows when somebody else pays', async () => {
    expect((await personal('own_1', { organizationId: '77' })).body).toMatchObject({
      status: 422,
      errors: [{ field: 'organizationId' }],
    });
    await put('/v1/organizations/77/billing-party', {
      partnerId: 'par_a',
      from: SEPTEMBER,
      reason: 'aftalt',
    });
    const recorded = await personal('own_1', { organizationId: '77', from: SEPTEMBER });
    expect(recorded.body.ownership).toEqual([{ partnerId: 'par_a', from: SEPTEMBER }]);
    const { body } = await put('/v1/organizations/77/billing-party', { partnerId: 'par_b', reason: 'solgt' });
    expect(body).toMatchObject({ changed: true, integrationIds: ['own_1'], version: 2 });
    expect((await payerOf('own_1')).body).toMatchObject({
      partnerId: 'par_b',
      since: NOW,
      derivedFrom: 'organization',
    });
    expect((await payerOf('own_1', `?at=${SEPTEMBER}`)).body).toMatchObject({ partnerId: 'par_a' });
    const facts = await factsOf(rooms, 'integration|own_1');
    expect(facts.at(-1)!.data).toMatchObject({
      ownership: [
        { partnerId: 'par_a', from: SEPTEMBER },
        { partnerId: 'par_b', from: NOW },
      ],
    });
  });

  it('takes over a change of payer that is only planned', async () => {
    const later = '2027-01-01T00:00:00.000Z';
    await put('/v1/organizations/78/billing-party', { partnerId: 'par_a', reason: 'x' });
    await put('/v1/organizations/78/billing-party', { partnerId: 'par_b', from: later, reason: 'x' });
    const { body } = await personal('own_2', { organizationId: '78' });
    expect(body.ownership.map((owner: { partnerId: string }) => owner.partnerId)).toEqual(['par_a', 'par_b']);
  });

  it.each([
    ['an owner beside the organisation', { organizationId: '77', partnerId: 'par_a' }, 'partnerId'],
    ['neither owner nor organisation', {}, 'partnerId'],
    [
      'an organisation that a public one is made for',
      { organizationId: '77', kind: 'public' },
      'organizationId',
    ],
  ])('with %s is refused by its field', async (_, body, field) => {
    expect((await personal('own_3', body)).body).toMatchObject({ status: 422, errors: [{ field }] });
  });

  it('does not get another payer for a time in which somebody paid already', async () => {
    const { body } = await put('/v1/organizations/77/billing-party', {
      ...{ partnerId: 'par_a', from: SEPTEMBER, reason: 'x' },
    });
    expect(body).toMatchObject({ status: 409, type: 'urn:taxameter:problem:past-would-change' });
  });

  it('has nobody before the first payer', () => {
    const organization = { organizationId: '1', version: 1, payers: [{ partnerId: 'par_a', from: NOW }] };
    expect(payersFrom(organization, new Date(SEPTEMBER))).toEqual([]);
  });
});

describe('an integration that nobody has recorded', () => {
  const observed = {
    ...{ integrationId: 'own_unknown', version: 1, kind: 'personal', windowStart: SEPTEMBER, windowEnd: NOW },
    ...{
      firstSeenAt: SEPTEMBER,
      lastSeenAt: NOW,
      calls: 9,
      busiestDayCalls: 9,
      writeCalls: 0,
      clientErrors: 0,
    },
    ...{ forbidden: 0, tokenCalls: 0, otherAuthCalls: 9, sweeps: 0, changesSinceSweeps: 0, laterPages: 0 },
    ...{ smallLaterPages: 0, throttledCalls: 0, throttledMinutes: 0, smsCalls: 3, scopes: [] },
  };

  it('is listed with its SMS until it is given a billing party, from its first call on', async () => {
    const list = async () =>
      (await rooms.call('finance', 'GET', '/v1/integrations-without-billing-party')).body.items;
    await tell('dk.dinero.fairuse.integration_observed.v1', 'integration|own_unknown', observed);
    await learn({ integrationId: 'own_unknown', organizationId: '5', version: 1, firstSeenAt: SEPTEMBER });
    expect(await list()).toMatchObject([
      { integrationId: 'own_unknown', smsCalls: 3, organizationIds: ['5'] },
    ]);
    const { status, body } = await rooms.call(
      'finance',
      'POST',
      '/v1/integrations-without-billing-party/own_unknown/assign',
      { body: { partnerId: 'par_a', reason: 'fundet' } },
    );
    expect([status, body.kind, body.ownership]).toEqual([
      201,
      'personal',
      [{ partnerId: 'par_a', from: SEPTEMBER }],
    ]);
    expect(await list()).toEqual([]);
  });
});

describe('an agreement that was only learnt', () => {
  const agreements = '/v1/integrations/isv_learnt/agreements';

  it('is shown as such, is declared by naming it, and keeps since when it was seen', async () => {
    await rooms.call('ops', 'PUT', '/v1/integrations/isv_learnt', {
      body: { name: 'x', kind: 'public', partnerId: 'par_a' },
    });
    await learn({ integrationId: 'isv_learnt', organizationId: '8', version: 2, firstSeenAt: SEPTEMBER });
    await learn({ integrationId: 'isv_learnt', organizationId: '8', version: 1, firstSeenAt: NOW });
    const learnt = { organizationId: '8', version: 0, name: null, origin: 'learnt', actsSince: SEPTEMBER };
    const seen = await rooms.call('partner', 'GET', agreements, { partnerId: 'par_a' });
    expect(seen.body.items).toMatchObject([learnt]);
    expect((await rooms.call('partner', 'GET', agreements, { partnerId: 'par_b' })).status).toBe(404);
    await rooms.call('ops', 'PUT', `${agreements}/8`, { body: { name: 'Frisøren', version: 0 } });
    const declared = await rooms.call('ops', 'GET', `${agreements}/8`);
    expect(declared.body).toMatchObject({
      version: 1,
      name: 'Frisøren',
      origin: 'declared',
      actsSince: SEPTEMBER,
    });
  });

  it('can be restricted; one that was neither learnt nor declared cannot', async () => {
    await learn({ integrationId: 'isv_learnt', organizationId: '9', version: 1, firstSeenAt: SEPTEMBER });
    const impose = (path: string, organizationId: string, more = {}) =>
      rooms.call('ops', 'POST', path, {
        body: {
          ...{
            integrationId: 'isv_learnt',
            scope: 'agreements',
            organizationIds: [organizationId],
            mode: 'block',
          },
          ...{
            reasonCode: 'load',
            clause: '4',
            note: { da: 'x', en: 'x' },
            endCondition: { da: 'x', en: 'x' },
          },
          ...more,
        },
      });
    const preview = await impose('/v1/restrictions/preview', '9');
    expect(preview.body).toMatchObject({
      agreementCount: 1,
      agreements: [{ organizationId: '9', name: null }],
    });
    expect((await impose('/v1/restrictions', '9', { reason: 'last' })).status).toBe(201);
    expect((await impose('/v1/restrictions', '10', { reason: 'last' })).status).toBe(422);
  });
});
