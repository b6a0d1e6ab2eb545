import { breachOpened, breachResolved, type Breach } from '@taxameter/contracts';
import type { TestRooms } from '@taxameter/platform/testing';
import {
  breachFact,
  newBreachId,
  publishBreaches,
  removeSubscriptions,
  startAlertingRoom,
  startReceiver,
  subscribeTo,
  until,
  type Receiver,
} from '../alerting.testing.js';

let rooms: TestRooms;
let receiver: Receiver;

beforeAll(async () => {
  receiver = await startReceiver();
  rooms = await startAlertingRoom(receiver);
});

afterAll(async () => {
  await rooms?.stop();
  receiver.stop();
});

beforeEach(async () => {
  await removeSubscriptions(rooms);
  receiver.forget();
});

const subscribe = (path: string, more: Record<string, unknown> = {}) =>
  subscribeTo(rooms, receiver, path, more);
const change = (id: string, body: Record<string, unknown>) =>
  rooms.call('ops', 'PUT', `/v1/alerts/subscriptions/${id}`, {
    body: { url: `http://${receiver.host}/ok/changed`, minSeverity: 'info', ...body },
  });
const preview = async (id: string, query = '') =>
  (await rooms.call('ops', 'GET', `/v1/alerts/subscriptions/${id}/preview${query}`)).body as {
    items: { alertId: string; type: string; sequence: number; integrationId: string; summary: string }[];
    nextCursor: string | null;
  };

const opened = (breachId: string, version: number, data: Partial<Breach> = {}, integrationId = 'isv_a') =>
  breachFact(rooms, breachId, version, 'error', { type: breachOpened.type, integrationId, data });
const resolved = (breachId: string, version: number, data: Partial<Breach> = {}) =>
  breachFact(rooms, breachId, version, 'error', {
    type: breachResolved.type,
    data: { state: 'resolved', resolvedReason: 'cleared', ...data },
  });

const typesAt = (path: string) =>
  receiver.arrivals(path).map(({ body }) => (JSON.parse(body) as { type: string }).type);
const arrived = (path: string, count: number) =>
  until(
    () => typesAt(path),
    (types) => types.length >= count,
  );

describe('that a breach is over', () => {
  it('is told to those who wanted that and were told that it opened, and to no others', async () => {
    const kinds = ['breach', 'breach_resolved'];
    await subscribe('/ok/both', { kinds });
    await subscribe('/ok/plain');
    await subscribe('/ok/critical', { kinds, minSeverity: 'critical' });
    const breachId = newBreachId();
    await publishBreaches(rooms, opened(breachId, 1));
    await subscribe('/ok/late', { kinds });
    await publishBreaches(rooms, resolved(breachId, 2), resolved(breachId, 2));
    await arrived('/ok/both', 2);
    // Told after it, so that whatever was to come before has come.
    await publishBreaches(rooms, opened(newBreachId(), 1));
    await arrived('/ok/both', 3);
    await arrived('/ok/plain', 2);
    await arrived('/ok/late', 1);
    expect(typesAt('/ok/both').sort()).toEqual([
      'fairuse.breach.opened',
      'fairuse.breach.opened',
      'fairuse.breach.resolved',
    ]);
    for (const path of ['/ok/plain', '/ok/late'])
      expect(typesAt(path)).not.toContain('fairuse.breach.resolved');
    expect(typesAt('/ok/critical')).toEqual([]);
  });

  it('is not told again and again of one that comes and goes', async () => {
    const { id } = await subscribe('/ok/flapping', { kinds: ['breach', 'breach_resolved'] });
    const breachId = newBreachId();
    const flapping = true;
    await publishBreaches(
      rooms,
      opened(breachId, 1, { flapping }),
      resolved(breachId, 2, { flapping }),
      opened(breachId, 3, { flapping, occurrence: 2 }),
      resolved(breachId, 4, { flapping, occurrence: 2 }),
      breachFact(rooms, breachId, 5, 'critical', { data: { flapping, occurrence: 2 } }),
    );
    await arrived('/ok/flapping', 2);
    expect(typesAt('/ok/flapping').sort()).toEqual(['fairuse.breach.escalated', 'fairuse.breach.opened']);
    const muted = await rooms.databases
      .get('alerting')!
      .query('select muted from notice where subscription_id = $1 order by sequence', [id]);
    expect(muted.map((row: { muted: string | null }) => row.muted)).toEqual([
      null,
      'flapping',
      'flapping',
      'opening_muted',
      null,
    ]);
  });
});

describe('a subscription', () => {
  it('is changed in all but its secret, and refuses who saw an older version', async () => {
    const { id } = await subscribe('/ok/first');
    const { status, body } = await change(id, { version: 1, kinds: ['breach'], organizationIds: ['42'] });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      version: 2,
      url: `http://${receiver.host}/ok/changed`,
      kinds: ['breach'],
      organizationIds: ['42'],
    });
    expect(JSON.stringify(body)).not.toContain('whsec_');
    const stale = await change(id, { version: 1, minSeverity: 'critical' });
    expect([stale.status, stale.body.version, stale.body.errors[0].field]).toEqual([409, 2, 'version']);
    await publishBreaches(
      rooms,
      opened(newBreachId(), 1),
      opened(newBreachId(), 1, { scope: { integrationId: 'isv_a', organizationId: '42', route: null } }),
    );
    await arrived('/ok/changed', 1);
    expect([typesAt('/ok/first'), typesAt('/ok/changed')]).toEqual([[], ['fairuse.breach.opened']]);
  });

  it('that its receiver disabled is active again with another URL', async () => {
    const { id } = await subscribe('/gone/x');
    await publishBreaches(rooms, opened(newBreachId(), 1));
    const state = async () =>
      (await rooms.call('ops', 'GET', '/v1/alerts/subscriptions')).body.items[0].state as string;
    await until(state, (now) => now === 'disabled');
    const same = await change(id, { version: 1, url: `http://${receiver.host}/gone/x` });
    expect(same.body).toMatchObject({ state: 'disabled' });
    expect((await change(id, { version: 2 })).body).toMatchObject({ state: 'active', disabledReason: null });
  });

  it.each([
    [{ rules: ['RATE_YEAR'] }, 'rules.0', 'unknown_rule'],
    [{ kinds: ['breach_resolved'] }, 'kinds', 'resolved_needs_breach'],
  ])('that can match nothing is refused when it is saved: %j', async (more, field, rule) => {
    const { id } = await subscribe('/ok/kept');
    const body = { url: `http://${receiver.host}/ok/x`, minSeverity: 'info', ...more };
    for (const answer of [
      await rooms.call('ops', 'POST', '/v1/alerts/subscriptions', { body }),
      await change(id, { version: 1, ...more }),
    ]) {
      expect(answer.status).toBe(422);
      expect(answer.body.errors[0]).toMatchObject({ field, rule });
    }
  });

  it('that is not there cannot be changed or looked at, and partners can do neither', async () => {
    const id = `sub_${'0'.repeat(32)}`;
    expect((await change(id, { version: 1 })).status).toBe(404);
    const path = `/v1/alerts/subscriptions/${id}/preview`;
    expect((await rooms.call('ops', 'GET', path)).status).toBe(404);
    expect((await rooms.call('ops', 'GET', `${path}?cursor=x`)).status).toBe(400);
    expect((await rooms.call('partner', 'GET', path, { partnerId: 'par_1' })).status).toBe(403);
  });
});

describe('the preview', () => {
  it('pages through what would have been told, newest first, each piece once', async () => {
    const integrationIds = ['isv_seen'];
    for (let count = 0; count < 3; count += 1) {
      await publishBreaches(
        rooms,
        opened(newBreachId(), 1, {}, 'isv_seen'),
        opened(newBreachId(), 1, {}, 'isv_other'),
      );
    }
    const retroactive = opened(newBreachId(), 1, { retroactive: true }, 'isv_seen');
    await publishBreaches(rooms, retroactive);
    const { id } = await subscribe('/ok/preview', { integrationIds, language: 'en' });
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await preview(id, `?limit=2${cursor && `&cursor=${cursor}`}`);
      for (const item of page.items) {
        expect(item).toMatchObject({ integrationId: 'isv_seen', type: 'fairuse.breach.opened' });
        expect(item.summary).toContain('breaks the rule');
      }
      seen.push(...page.items.map(({ sequence }) => sequence));
      cursor = page.nextCursor;
    }
    expect(seen).toHaveLength(3);
    expect(seen).toEqual([...new Set(seen)].sort((one, other) => other - one));
    expect(typesAt('/ok/preview')).toEqual([]);
  });

  it('leaves out what is older than the days asked for', async () => {
    const { id } = await subscribe('/ok/days', { integrationIds: ['isv_old'] });
    const old = opened(newBreachId(), 1, {}, 'isv_old');
    const time = new Date(rooms.clock.now().getTime() - 2 * 24 * 3_600_000).toISOString();
    await publishBreaches(rooms, { ...old, time });
    expect((await preview(id)).items).toHaveLength(1);
    expect((await preview(id, '?days=1')).items).toEqual([]);
  });
});
