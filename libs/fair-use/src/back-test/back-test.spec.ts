import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { casesOf, fairUseRoom, fiveMinutes, NOW, send } from '../fair-use.testing.js';
import { callAt } from '../signals/signals.testing.js';

let rooms: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: NOW });
  await send(rooms, [
    ...fiveMinutes('isv_hurries', '2026-10-05T06:00:00Z', 75),
    ...fiveMinutes('isv_walks', '2026-10-05T06:00:00Z', 45),
    ...fiveMinutes('isv_strolls', '2026-10-05T06:00:00Z', 12),
    ...[0, 1, 2].map((index) =>
      callAt(`2026-10-05T06:1${index}:00Z`, {
        integrationId: 'isv_keys',
        organizationId: `o${index}`,
        authScheme: 'apikey',
      }),
    ),
  ]);
});
afterAll(async () => {
  await rooms?.stop();
});

const call = async (method: 'GET' | 'POST', path: string, body?: object) =>
  rooms.call('ops', method, path, body === undefined ? {} : { body });
const inForce = async () => (await call('GET', '/v1/policies/in-force')).body.document;
const RANGE = { from: '2026-10-05T00:00:00Z', to: '2026-10-05T07:00:00Z' };

/** Of the policy in force with another threshold for hasty calls. */
async function startWith(calls: number, range: object = RANGE) {
  const document = await inForce();
  document.rules.RATE_MINUTE.thresholds = { warning: { calls, minutes: 5 } };
  return call('POST', '/v1/back-tests', { document, ...range });
}

async function doneWith(calls: number) {
  const started = await startWith(calls);
  expect(started.status).toBe(202);
  return done(started.body.backTestId);
}

async function done(backTestId: string) {
  const path = `/v1/back-tests/${backTestId}`;
  for (let tries = 0; tries < 400; tries += 1) {
    const { body } = await call('GET', path);
    if (body.state !== 'queued' && body.state !== 'running') return { body, path };
    await sleep(25);
  }
  throw new Error('the back-test is not done');
}

describe('a back-test', () => {
  it('names who would have been hit by a sharper policy, and whom it would have judged as today’s does', async () => {
    const { body, path } = await doneWith(40);
    expect(body).toMatchObject({ state: 'done', error: null, hit: ['isv_walks'] });
    expect(body.progress.judged).toBe(body.progress.integrations);
    expect(body.summary).toEqual([
      { ruleId: 'LEGACY_AUTH', change: 'same', cases: 1, integrations: 1 },
      { ruleId: 'RATE_MINUTE', change: 'new', cases: 1, integrations: 1 },
      { ruleId: 'RATE_MINUTE', change: 'same', cases: 1, integrations: 1 },
    ]);
    const { items } = (await call('GET', `${path}/cases?change=new`)).body;
    expect(items).toMatchObject([
      {
        ...{
          ruleId: 'RATE_MINUTE',
          integrationId: 'isv_walks',
          organizationId: '148383',
          route: null,
          today: null,
        },
        candidate: {
          severity: 'warning',
          openedAt: '2026-10-05T06:05:00.000Z',
          value: 45,
          threshold: 40,
          findings: 1,
        },
      },
    ]);
  });

  it('names what a milder policy would not have opened, with the figures that the case of today has', async () => {
    const { body, path } = await doneWith(90);
    expect(body.hit).toEqual([]);
    const { items } = (await call('GET', `${path}/cases?change=gone`)).body;
    const [today] = await casesOf(rooms, 'isv_hurries');
    expect(items).toMatchObject([
      {
        integrationId: 'isv_hurries',
        candidate: null,
        today: { severity: today!.severity, value: today!.observed.value },
      },
    ]);
  });

  it('finds what is agreed with one integration alone and is sharper than what holds for all', async () => {
    const document = await inForce();
    document.overrides = [
      {
        integrationId: 'isv_strolls',
        rule: 'RATE_MINUTE',
        settings: { thresholds: { info: { calls: 10, minutes: 5 } } },
        until: '2027-01-01T00:00:00Z',
        who: 'ops',
        why: 'a trial',
      },
    ];
    const started = await call('POST', '/v1/back-tests', { document, ...RANGE });
    expect((await done(started.body.backTestId)).body).toMatchObject({ state: 'done', hit: ['isv_strolls'] });
  });

  it('prepares a message to each that it names: what, when, the limit now and then, from which day, and what to change', async () => {
    const { path } = await doneWith(40);
    const { items, nextCursor } = (await call('GET', `${path}/notices`)).body;
    expect([items.length, nextCursor]).toEqual([1, null]);
    const [{ integrationId, rules, message }] = items;
    expect([integrationId, rules]).toMatchObject([
      'isv_walks',
      [{ ruleId: 'RATE_MINUTE', cases: 1, worst: { change: 'new', candidate: { value: 45 } } }],
    ]);
    expect(message.da.subject).toBe('Nye grænser for fair use fra 5. november 2026: integrationen isv_walks');
    expect(message.da.text).toContain(
      'En sag (advarsel) ville være åbnet 5. oktober 2026 kl. 08.05: målt 45 kald pr. minut, og den nye grænse er 40 kald pr. minut.',
    );
    expect(message.da.text).toContain('Med grænserne i dag er det ingen sag.');
    expect(message.da.text).toContain('– RATE_MINUTE, grænsen for warning, kald: 70 bliver 40 (strengere)');
    expect(message.en.text).toContain(
      '45 calls per minute observed, and the new limit is 40 calls per minute.',
    );
    const later = (await call('GET', `${path}/notices?effectiveFrom=2026-12-31T23:00:00Z`)).body;
    expect(later.items[0].message.en.subject).toContain('from 1 January 2027');
    expect((await rooms.call('partner', 'GET', `${path}/notices`, { partnerId: 'par_a' })).status).toBe(403);
  });

  it('opens nothing and tells nobody', async () => {
    const before = await casesOf(rooms, 'isv_walks');
    await doneWith(10);
    expect(await casesOf(rooms, 'isv_walks')).toEqual(before);
  });

  it('pages through its cases', async () => {
    const { path } = await doneWith(40);
    const first = (await call('GET', `${path}/cases?limit=2`)).body;
    const second = (await call('GET', `${path}/cases?limit=2&cursor=${first.nextCursor}`)).body;
    expect([first.items.length, second.items.length, second.nextCursor]).toEqual([2, 1, null]);
  });

  it('is refused for a time without data, one that ends before it starts or has not come, and a policy that is none', async () => {
    const refused = async (range: object) => {
      const { status, body } = await startWith(40, range);
      return [status, body.type.replace('urn:taxameter:problem:', '')];
    };
    expect(await refused({ from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z' })).toEqual([
      422,
      'no-data',
    ]);
    expect(await refused({ from: RANGE.to, to: RANGE.from })).toEqual([422, 'ends-before-it-starts']);
    expect(await refused({ from: RANGE.from, to: '2030-01-01T00:00:00Z' })).toEqual([422, 'in-the-future']);
    const { status, body } = await startWith(-1);
    expect([status, body.errors[0].field]).toEqual([422, 'rules.RATE_MINUTE.thresholds.warning.calls']);
  });

  it('that is done stays as it is when it is cancelled', async () => {
    const { body } = await doneWith(40);
    const cancelled = await call('POST', `/v1/back-tests/${body.backTestId}/cancel`, {});
    expect(cancelled.body).toMatchObject({ state: 'done' });
  });
});
