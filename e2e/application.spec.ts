import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { ALL_ROOMS } from '@taxameter/server';
import { setTimeout as sleep } from 'node:timers/promises';

/** From application to active, through the door and every room: what an integration calls is what it is reviewed by. */

const NOW = '2026-10-05T08:00:00Z';

const application = {
  integrationName: 'Lageret',
  purpose: 'Henter fakturaer til lagerstyring hos små butikker.',
  scopes: [{ scope: 'dineropublicapi:read', why: 'læser fakturaer' }],
  expected: { callsPerDay: 5_000, smsPerMonth: 0 },
  applicant: { name: 'Lager ApS', cvr: '12345674', email: 'post@lager.example', language: 'da' },
};

describe('an application', () => {
  let rooms: TestRooms;

  beforeAll(async () => {
    rooms = await startTestRooms(ALL_ROOMS, { now: NOW });
  });

  afterAll(async () => {
    await rooms?.stop();
  });

  const post = (path: string, body: object) => rooms.call('ops', 'POST', path, { body });

  /** Decides on what is there. */
  async function decide(path: string, move: string, more: object) {
    const { body } = await rooms.call('ops', 'GET', path);
    return post(`${path}/${move}`, { version: body.version, ...more });
  }

  async function apply() {
    const { status, body } = await rooms.call('anonymous', 'POST', '/v1/applications', { body: application });
    expect(status).toBe(201);
    const path = `/v1/applications/${body.application.applicationId}`;
    return { path, headers: { authorization: `Bearer ${body.secret}` } };
  }

  /** The integration calls for one of its customers, incrementally, as the platform's gateway tells it. */
  async function call(integrationId: string, times: number) {
    const events = Array.from({ length: times }, (_, index) => ({
      specversion: '1.0',
      id: `${integrationId}-${index}`,
      source: '/gateway/e2e',
      type: 'dk.dinero.usage.api_call.v1',
      time: new Date(Date.parse(NOW) - 60_000 * (index + 1)).toISOString(),
      data: {
        ...{ integrationId, integrationKind: 'public', organizationId: '148383', method: 'GET' },
        ...{ route: '/v1/{organizationId}/contacts', operation: 'list', status: 200, durationMs: 20 },
        ...{
          query: { page: 0, hasChangesSince: true },
          scopes: ['dineropublicapi:read'],
          authScheme: 'bearer',
        },
      },
    }));
    const { status } = await rooms.call('ingest', 'POST', '/v1/events', {
      body: JSON.stringify(events),
      headers: { 'content-type': 'application/cloudevents-batch+json' },
    });
    expect(status).toBe(202);
  }

  async function seen(path: string, calls: number) {
    for (let tries = 0; tries < 200; tries += 1) {
      await rooms.settle();
      const { body } = await rooms.call('ops', 'GET', path);
      if (body.checklist[0].figure === calls) return body;
      await sleep(50);
    }
    throw new Error(`the ${calls} calls never reached the checklist`);
  }

  it('becomes active by what its calls show, and the applicant sees it', async () => {
    const { path, headers } = await apply();
    const accepted = await decide(path, 'accept', { integrationId: 'isv_lager' });
    expect(accepted.body).toMatchObject({ state: 'in-review', integrationId: 'isv_lager' });
    await call('isv_lager', 30);
    const { checklist } = await seen(path, 30);
    const states = Object.fromEntries(
      checklist.map((item: { id: string; state: string }) => [item.id, item.state]),
    );
    expect(states).toMatchObject({
      ...{ 'scopes-not-used': 'ok', 'scopes-not-asked': 'ok', token: 'ok', errors: 'ok' },
      ...{ 'changes-since': 'ok', 'after-429': 'unknown', sms: 'ok', volume: 'ok' },
    });
    await decide(path, 'approve', { note: 'Velkommen til.' });
    const own = await rooms.call('anonymous', 'GET', `${path}/for-applicant`, { headers });
    expect(own.body).toMatchObject({ state: 'active', note: 'Velkommen til.' });
    const agreements = await rooms.call('ops', 'GET', '/v1/integrations/isv_lager/agreements');
    expect(agreements.body.items).toMatchObject([{ organizationId: '148383', origin: 'learnt' }]);
    const { body } = await rooms.call('ops', 'GET', '/v1/integrations/isv_lager/life-cycle');
    expect(body.state).toBe('active');
  });

  it('is rejected with a reason that the applicant reads, and its integration calls no more', async () => {
    const { path, headers } = await apply();
    await decide(path, 'accept', { integrationId: 'isv_rejected' });
    await decide(path, 'reject', { note: 'Formålet strider mod vilkårene.' });
    const own = await rooms.call('anonymous', 'GET', `${path}/for-applicant`, { headers });
    expect(own.body).toMatchObject({ state: 'rejected', note: 'Formålet strider mod vilkårene.' });
    const feed = await rooms.call('gateway', 'GET', '/v1/enforcement');
    expect(JSON.stringify(feed.body)).toContain('"integrationId":"isv_rejected"');
  });

  it('is withdrawn by the applicant, and no move leads away from there', async () => {
    const { path, headers } = await apply();
    const withdrawn = await rooms.call('anonymous', 'POST', `${path}/for-applicant/withdraw`, {
      headers,
      body: {},
    });
    expect(withdrawn.body.state).toBe('withdrawn');
    const { status, body } = await decide(path, 'accept', { integrationId: 'isv_late' });
    expect(status).toBe(409);
    expect(body).toMatchObject({ state: 'withdrawn', move: 'accept', allowed: [] });
    expect((await rooms.call('ops', 'GET', '/v1/integrations/isv_late')).status).toBe(404);
  });
});
