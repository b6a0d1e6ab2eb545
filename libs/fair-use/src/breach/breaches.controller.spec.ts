import type { Breach } from '@taxameter/contracts';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { casesOf, fairUseRoom, fiveMinutes, NOW, ownedBy, send } from '../fair-use.testing.js';
import { RULES } from '../rules/registry.js';

let rooms: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: NOW });
  await send(rooms, fiveMinutes('night', '2026-10-05T03:00:00Z', 50));
  await send(rooms, fiveMinutes('morning', '2026-10-05T07:00:00Z', 75));
  await send(rooms, fiveMinutes('noon', '2026-10-05T07:20:00Z', 55));
});
afterAll(async () => {
  await rooms?.stop();
});

describe('the pages of cases', () => {
  it('go through all cases once, and take filters', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await rooms.call('ops', 'GET', `/v1/breaches?limit=2${cursor}`);
      seen.push(...body.items.map((found: Breach) => found.breachId));
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    const all = (await rooms.call('ops', 'GET', '/v1/breaches')).body.items;
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(all.map((found: Breach) => found.breachId));
    const path = '/v1/breaches?severity=warning&state=open&ruleId=RATE_MINUTE';
    const { items } = (await rooms.call('ops', 'GET', path)).body;
    expect(items.map((found: Breach) => found.scope.integrationId)).toEqual(['morning']);
    const resolved = (await rooms.call('ops', 'GET', '/v1/breaches?state=resolved')).body.items;
    expect(resolved.map((found: Breach) => found.scope.integrationId)).toEqual(['night']);
  });

  it('refuse a cursor that no page gave and a severity that does not exist', async () => {
    expect((await rooms.call('ops', 'GET', '/v1/breaches?cursor=br_none')).status).toBe(400);
    expect((await rooms.call('ops', 'GET', '/v1/breaches?severity=fatal')).status).toBe(400);
    expect((await rooms.call('ops', 'GET', '/v1/breaches/br_none')).status).toBe(404);
    expect((await rooms.call('finance', 'GET', '/v1/breaches')).status).toBe(403);
  });

  it('show a partner the cases from its own time with the integration, and hide all others', async () => {
    const ownership = [
      { partnerId: 'par_old', from: '2026-01-01T00:00:00Z' },
      { partnerId: 'par_new', from: '2026-10-05T06:00:00Z' },
    ];
    const owned = (integrationId: string) => ownedBy(integrationId, ownership);
    await rooms.producer.append([owned('morning'), owned('night')]);
    await rooms.settle();
    const seenBy = async (partnerId: string) =>
      (await rooms.call('partner', 'GET', '/v1/breaches', { partnerId })).body.items.map(
        (found: Breach) => found.scope.integrationId,
      );
    expect(await seenBy('par_old')).toEqual(['night']);
    expect(await seenBy('par_new')).toEqual(['morning']);
    expect(await seenBy('par_other')).toEqual([]);

    const breachId = (await casesOf(rooms, 'morning'))[0]!.breachId;
    const path = `/v1/breaches/${breachId}`;
    const own = await rooms.call('partner', 'GET', path, { partnerId: 'par_new' });
    expect(own.body.versions.length).toBeGreaterThan(0);
    expect((await rooms.call('partner', 'GET', path, { partnerId: 'par_old' })).status).toBe(404);
  });
});

describe('the rules', () => {
  it('are public to partners with thresholds, titles and guidance in both languages', async () => {
    const { status, body } = await rooms.call('partner', 'GET', '/v1/rules', { partnerId: 'par_x' });
    expect(status).toBe(200);
    const rule = Object.fromEntries(body.rules.map((each: { ruleId: string }) => [each.ruleId, each]));
    // Which is in shadow.
    expect(Object.keys(rule)).toEqual(RULES.map(({ id }) => id).filter((id) => id !== 'RATE_INTEGRATION'));
    expect(rule).toMatchObject({
      RATE_MINUTE: {
        windowMinutes: 15,
        thresholds: { critical: { calls: 100, minutes: 10 } },
        minCalls: null,
      },
      SERVER_TIME: { thresholds: { info: { serverTimeMs: 60_000, minutes: 5 } } },
      ERROR_RATIO_4XX: { thresholds: { info: 5 }, minCalls: 100 },
      POLLING_UNFILTERED: { thresholds: { info: 4 }, title: { en: expect.any(String) } },
    });
    expect(rule.POLLING_UNFILTERED.guidance.da).toContain('{filter}');
  });
});
