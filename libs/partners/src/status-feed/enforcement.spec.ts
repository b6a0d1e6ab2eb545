import { setTimeout as sleep } from 'node:timers/promises';
import type { TestRooms } from '@taxameter/platform/testing';
import { NOW, startBeside, startPartnersRoom } from '../partners-room.testing.js';

let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startPartnersRoom();
  await rooms.call('ops', 'PUT', '/v1/partners/par_a', { body: { name: 'A' } });
  for (const id of ['isv_a', 'isv_b', 'isv_c']) await integration(id);
});

afterAll(() => rooms.stop());

const integration = (id: string) =>
  rooms.call('ops', 'PUT', `/v1/integrations/${id}`, {
    body: { name: id, kind: 'public', partnerId: 'par_a', from: '2026-07-01T00:00:00Z' },
  });
const restrict = (integrationId: string, more: object = {}) =>
  rooms.call('ops', 'POST', '/v1/restrictions', {
    body: {
      integrationId,
      scope: 'integration',
      mode: 'throttle',
      limitPerMinute: 10,
      reasonCode: 'load',
      clause: 'Fair use',
      note: { da: 'For mange kald.', en: 'Too many calls.' },
      endCondition: { da: 'Når der er færre kald.', en: 'When there are fewer.' },
      reason: 'belastning',
      ...more,
    },
  });
const lift = (id: string) =>
  rooms.call('ops', 'POST', `/v1/restrictions/${id}/lift`, { body: { reason: 'rettet' } });
const ask = (query = '', headers = {}) =>
  rooms.call('gateway', 'GET', `/v1/enforcement${query}`, { headers });
const revision = async () => (await ask()).body.revision as number;
const ids = ({ body }: { body: { integrations: { integrationId: string }[] } }) =>
  body.integrations.map(({ integrationId }) => integrationId);

describe('the snapshot', () => {
  it('holds every integration of which something must be enforced, and no other', async () => {
    const { body: made } = await restrict('isv_a', { from: '2026-11-01T00:00:00Z' });
    await rooms.call('ops', 'POST', '/v1/integrations/isv_b/deactivate', {
      body: { reason: 'opsagt', from: '2026-12-01T00:00:00Z' },
    });
    const seen = await ask();
    expect(seen.body).toMatchObject({ isFull: true });
    expect(ids(seen)).toEqual(['isv_a', 'isv_b']);
    expect(seen.body.integrations).toMatchObject([
      { version: 2, restrictions: [{ restrictionId: made.restrictionId, from: '2026-11-01T00:00:00.000Z' }] },
      {
        status: [
          { status: 'active', from: '2026-07-01T00:00:00.000Z' },
          { status: 'deactivated', from: '2026-12-01T00:00:00.000Z' },
        ],
      },
    ]);
    await rooms.call('ops', 'POST', '/v1/integrations/isv_b/reactivate', { body: { reason: 'fortsætter' } });
    await lift(made.restrictionId);
    expect(ids(await ask())).toEqual(['isv_b']);
  });

  it('is 304 to who has it, by its ETag', async () => {
    const { headers, body } = await ask();
    const etag = headers.get('etag')!;
    expect(etag).toBe(`"${body.revision}"`);
    expect((await ask('', { 'if-none-match': etag })).status).toBe(304);
    await restrict('isv_c');
    expect((await ask('', { 'if-none-match': etag })).status).toBe(200);
  });

  it('is the same from another process, and after a start', async () => {
    const before = await ask();
    const beside = await startBeside(rooms, NOW);
    try {
      expect((await beside.call('gateway', 'GET', '/v1/enforcement')).body).toEqual(before.body);
    } finally {
      await beside.stop();
    }
  });

  it('is for gateways and ops', async () => {
    for (const role of ['finance', 'partner', 'ingest'] as const) {
      expect((await rooms.call(role, 'GET', '/v1/enforcement')).status).toBe(403);
    }
    expect((await rooms.call('ops', 'GET', '/v1/enforcement')).status).toBe(200);
    expect((await rooms.call('gateway', 'GET', '/v1/restrictions')).status).toBe(403);
  });
});

describe('the changes since a revision', () => {
  it('are the newest record of each integration, in order, also of one that is let through again', async () => {
    const after = await revision();
    const { body: made } = await restrict('isv_a');
    await restrict('isv_b');
    await lift(made.restrictionId);
    const seen = await ask(`?after=${after}`);
    expect(seen.body).toMatchObject({ isFull: false, revision: await revision() });
    expect(ids(seen)).toEqual(['isv_b', 'isv_a']);
    expect(seen.body.integrations[1].restrictions).toEqual([]);
    const revisions = seen.body.integrations.map((record: { revision: number }) => record.revision);
    expect(revisions).toEqual([...revisions].sort((left, right) => left - right));
    expect((await ask(`?after=${seen.body.revision}`)).status).toBe(304);
  });

  it('are not told for a revision that is unknown: the answer says to take the whole snapshot', async () => {
    for (const after of [(await revision()) + 1, 17]) {
      const { status, body } = await ask(`?after=${after}&waitSeconds=5`);
      expect([status, body.type]).toEqual([410, 'urn:taxameter:problem:feed-cursor-expired']);
      expect(body.detail).toContain('take the whole snapshot with GET /v1/enforcement');
      expect(body.errors).toMatchObject([{ field: 'query.after' }]);
    }
    expect((await ask('?after=x')).status).toBe(400);
    expect((await ask('?after=0&waitSeconds=31')).body.errors[0].field).toBe('query.waitSeconds');
  });

  it('come no revision and no version twice when many commands run at once', async () => {
    const after = await revision();
    const many = Array.from({ length: 12 }, (_, index) => (index % 2 ? 'isv_a' : 'isv_c'));
    const statuses = (await Promise.all(many.map((id) => restrict(id)))).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([201]));
    const database = rooms.databases.get('partners')!;
    const [{ count }] = await database.query(
      'select count(*) as count from enforcement_revision where revision > $1',
      [after],
    );
    expect(count).toBe(12);
  });

  it('of a change that is not the gateway’s business are none', async () => {
    const after = await revision();
    await rooms.call('ops', 'PUT', '/v1/integrations/isv_b', {
      body: { name: 'Et andet navn', kind: 'public', partnerId: 'par_a' },
    });
    expect(await revision()).toBe(after);
  });
});

describe('a long poll', () => {
  it('answers 304 when its time is up', async () => {
    const start = performance.now();
    const { status } = await ask(`?after=${await revision()}&waitSeconds=1`);
    expect(status).toBe(304);
    expect(performance.now() - start).toBeGreaterThan(900);
  });

  it('answers within a second of the answer to the command, fifty times, half of them in another process', async () => {
    const beside = await startBeside(rooms, NOW);
    const tookMs: number[] = [];
    try {
      for (let round = 0; round < 25; round += 1) {
        const after = await revision();
        const polls = [rooms, beside].map(async (process) => {
          const seen = await process.call('gateway', 'GET', `/v1/enforcement?after=${after}&waitSeconds=10`);
          return { atMs: performance.now(), status: seen.status, ids: ids(seen) };
        });
        await sleep(round * 7);
        const { body: made } = await restrict('isv_b', { capability: 'sms' });
        const doneMs = performance.now();
        for (const { atMs, status, ids } of await Promise.all(polls)) {
          expect([status, ids]).toEqual([200, ['isv_b']]);
          tookMs.push(atMs - doneMs);
        }
        await lift(made.restrictionId);
      }
    } finally {
      await beside.stop();
    }
    tookMs.sort((left, right) => left - right);
    expect(tookMs.at(-1)).toBeLessThan(1_000);
  });

  it('does not hold up the end of its process', async () => {
    const beside = await startBeside(rooms, NOW);
    const poll = beside.call('gateway', 'GET', `/v1/enforcement?after=${await revision()}&waitSeconds=30`);
    await sleep(300);
    const start = performance.now();
    await beside.stop();
    expect((await poll).status).toBe(304);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

describe('gateways', () => {
  it('that give a name are listed with what they have and how far behind they are', async () => {
    await ask('?gateway=eu-1');
    const has = await revision();
    await ask(`?gateway=eu-2&after=${has}`);
    await ask('?gateway=eu-3', { 'if-none-match': `"${has}"` });
    await restrict('isv_b', { capability: 'reads' });
    const { body } = await rooms.call('ops', 'GET', '/v1/enforcement/gateways');
    expect(body.items).toMatchObject([
      { gateway: 'eu-1', revision: null, isStale: false },
      { gateway: 'eu-2', revision: has, changesBehind: 1, behindSince: NOW, askedAt: NOW, isStale: false },
      { gateway: 'eu-3', revision: has, changesBehind: 1 },
    ]);
    await ask(`?gateway=eu-2&after=${await revision()}`);
    const { body: then } = await rooms.call('ops', 'GET', '/v1/enforcement/gateways');
    expect(then.items[1]).toMatchObject({ changesBehind: 0, behindSince: null });
  });

  it('that no longer ask are stale after 90 seconds and forgotten after a week', async () => {
    const at = async (now: string) => {
      const beside = await startBeside(rooms, now);
      try {
        return (await beside.call('ops', 'GET', '/v1/enforcement/gateways')).body.items;
      } finally {
        await beside.stop();
      }
    };
    expect(await at('2026-10-05T08:01:30.000Z')).toMatchObject([{ isStale: false }, {}, {}]);
    expect(await at('2026-10-05T08:01:30.001Z')).toMatchObject([{ isStale: true }, {}, {}]);
    expect(await at('2026-10-13T08:00:00.000Z')).toEqual([]);
  });
});
