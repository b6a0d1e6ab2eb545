import { Controller, Module } from '@nestjs/common';
import { TOPICS, type BreachOpenedEvent } from '@taxameter/contracts';
import { OnEvents, type EventBatch } from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import {
  casesOf,
  fairUseRoom,
  fiveMinutes,
  NOW,
  ownedBy,
  send,
  type BreachAnswer,
} from '../fair-use.testing.js';
import { callAt } from '../signals/signals.testing.js';
import { defaultPolicy } from './default-policy.js';
import { documentOf, type PolicyDocument } from './policy-document.js';

const standard = documentOf(defaultPolicy);
const { rules } = standard;

const told: BreachOpenedEvent[] = [];

@Controller()
class Reader {
  @OnEvents('reader', TOPICS.breaches)
  breaches(batch: EventBatch<BreachOpenedEvent>): Promise<void> {
    told.push(...batch.events.map((received) => received.event));
    return Promise.resolve();
  }
}

@Module({ controllers: [Reader] })
class ReaderModule {}

const reader = { name: 'reader', module: ReaderModule, schema: { migrations: [] } };

let rooms: TestRooms;
/** Other processes on the same database, later on the same day. */
let half: TestRooms;
let noon: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom, reader], { now: NOW });
  const { databaseUrl } = rooms;
  half = await startTestRooms([fairUseRoom], { now: '2026-10-05T09:30:00Z', databaseUrl });
  noon = await startTestRooms([fairUseRoom], { now: '2026-10-05T12:00:00Z', databaseUrl });
});
afterAll(async () => {
  await noon?.stop();
  await half?.stop();
  await rooms?.stop();
});

async function decide(on: TestRooms, document: PolicyDocument, base: number): Promise<void> {
  const body = { document, base, why: 'a test' };
  expect((await on.call('admin', 'POST', '/v1/policies', { body })).status).toBe(201);
}
const withMode = (mode: 'on' | 'shadow'): PolicyDocument => ({
  ...standard,
  rules: { ...rules, RATE_MINUTE: { ...rules.RATE_MINUTE, mode } },
});
const inShadow = async (integrationId: string): Promise<BreachAnswer[]> =>
  (await rooms.call('ops', 'GET', `/v1/breaches?shadow=true&integrationId=${integrationId}`)).body.items;
/** What readers of the breach topic were told of an integration. */
const toldOf = (integrationId: string) =>
  told.filter(({ data }) => data.scope.integrationId === integrationId).map(({ data }) => data.breachKey);

describe('a rule in shadow', () => {
  it('is judged and recorded, and told to nobody', async () => {
    await decide(rooms, withMode('shadow'), 3);
    await rooms.producer.append([
      ownedBy('isv_shadow', [{ partnerId: 'par_s', from: '2026-01-01T00:00:00Z' }]),
    ]);
    await send(rooms, fiveMinutes('isv_shadow', '2026-10-05T08:00:00Z', 75));
    expect(await casesOf(rooms, 'isv_shadow')).toEqual([]);
    const [found, ...others] = await inShadow('isv_shadow');
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      ...{ ruleId: 'RATE_MINUTE', severity: 'warning', state: 'open', shadow: true, policyVersion: 4 },
      breachKey: 'shadow:RATE_MINUTE:isv_shadow:148383',
      handling: { deadline: null },
    });
    // A rule that is on is told of.
    const sweeps = Array.from({ length: 12 }, (_, second) =>
      callAt(new Date(Date.parse(NOW) + second * 1000).toISOString(), { integrationId: 'isv_told' }),
    );
    await send(rooms, sweeps);
    expect(toldOf('isv_told')).not.toEqual([]);
    expect(toldOf('isv_shadow')).toEqual([]);
    const asPartner = { partnerId: 'par_s' };
    for (const path of ['', '?shadow=true', `/${found!.breachId}`, `/${found!.breachId}/timeline`]) {
      const { status, body } = await rooms.call('partner', 'GET', `/v1/breaches${path}`, asPartner);
      expect(status === 404 ? [] : body.items).toEqual([]);
    }
    const { body } = await rooms.call('ops', 'GET', '/v1/rules/statistics');
    expect(body.rules.find(({ ruleId }: { ruleId: string }) => ruleId === 'RATE_MINUTE')).toMatchObject({
      ...{ cases: 0, open: 0, occurrences: 0, shadowCases: 1 },
    });
    const partners = (await rooms.call('partner', 'GET', '/v1/rules', asPartner)).body;
    expect(partners.rules.map(({ ruleId }: { ruleId: string }) => ruleId)).not.toContain('RATE_MINUTE');
  });

  it('can be marked as a false positive, and is no reason to write to the partner', async () => {
    const [found] = await inShadow('isv_shadow');
    const post = (step: string, body: object) =>
      rooms.call('ops', 'POST', `/v1/breaches/${found!.breachId}/${step}`, { body });
    const contact = await post('contact', {});
    expect([contact.status, contact.body.type]).toEqual([409, 'urn:taxameter:problem:case-in-shadow']);
    expect((await post('false-positive', { reason: 'the agreed import' })).status).toBe(200);
    expect((await inShadow('isv_shadow'))[0]).toMatchObject({ state: 'resolved' });
    expect(toldOf('isv_shadow')).toEqual([]);
  });

  it('opens a case that is real once it is switched on', async () => {
    await decide(half, withMode('on'), 4);
    await send(half, fiveMinutes('isv_shadow', '2026-10-05T09:30:00Z', 75));
    expect(await casesOf(rooms, 'isv_shadow')).toMatchObject([
      { ...{ ruleId: 'RATE_MINUTE', occurrence: 1, shadow: false, policyVersion: 5 } },
    ]);
    expect(await inShadow('isv_shadow')).toHaveLength(1);
  });
});

describe('an agreed time', () => {
  it('opens nothing, and what follows it is judged by itself', async () => {
    const agreed = { who: 'ops', why: 'first synchronisation' };
    const suppression = {
      integrationId: 'isv_sync',
      from: '2026-10-05T12:00:00Z',
      until: '2026-10-05T12:03:00Z',
    };
    await decide(noon, { ...withMode('on'), suppressions: [{ ...suppression, ...agreed }] }, 5);
    await send(noon, fiveMinutes('isv_sync', '2026-10-05T12:00:00Z', 95));
    await send(noon, fiveMinutes('isv_else', '2026-10-05T12:00:00Z', 95));
    expect(await casesOf(rooms, 'isv_sync')).toEqual([]);
    expect(await casesOf(rooms, 'isv_else')).toMatchObject([{ severity: 'error' }]);
  });
});

describe('an integration in its first week', () => {
  it('is warned at most', async () => {
    const by = [{ partnerId: 'par_new', from: '2026-09-01T00:00:00Z' }];
    await noon.producer.append([
      ownedBy('isv_new', by, '2026-10-01T00:00:00Z'),
      ownedBy('isv_settled', by, '2026-09-01T00:00:00Z'),
    ]);
    await noon.settle();
    for (const integrationId of ['isv_new', 'isv_settled']) {
      await send(noon, fiveMinutes(integrationId, '2026-10-05T11:40:00Z', 95));
    }
    expect(await casesOf(rooms, 'isv_new')).toMatchObject([{ severity: 'warning', threshold: 70 }]);
    expect(await casesOf(rooms, 'isv_settled')).toMatchObject([{ severity: 'error', threshold: 90 }]);
  });
});
