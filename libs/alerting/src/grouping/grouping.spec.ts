import { breachOpened, breachResolved, type Breach, type Severity } from '@taxameter/contracts';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import {
  alertingRoom,
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

/** The clock of the rooms stands still, so what may be waited for there is nothing. */
const AT_ONCE = { waitMs: 0, intervalMs: 0 };
const subscribe = (path: string, more: Record<string, unknown> = {}) =>
  subscribeTo(rooms, receiver, path, { grouping: AT_ONCE, ...more });
const opened = (
  more: {
    breachId?: string;
    version?: number;
    integrationId?: string;
    severity?: Severity;
    data?: Partial<Breach>;
  } = {},
) => {
  const { breachId = newBreachId(), version = 1, integrationId, severity = 'error', data } = more;
  return breachFact(rooms, breachId, version, severity, {
    type: breachOpened.type,
    ...(integrationId !== undefined && { integrationId }),
    ...(data && { data }),
  });
};

interface Notice {
  readonly sequence: number;
  readonly alertId: string;
  readonly state: string;
  readonly reason: string | null;
  readonly deliveryId: string | null;
}
const notices = async (id: string, query = '') =>
  (await rooms.call('ops', 'GET', `/v1/alerts/subscriptions/${id}/notices?limit=500${query}`)).body
    .items as Notice[];
const settled = (id: string, count: number) =>
  until(
    () => notices(id),
    (items) => items.length === count && items.every(({ state }) => state !== 'waiting'),
  );
const bodiesAt = (path: string) =>
  receiver
    .arrivals(path)
    .map(({ body }) => JSON.parse(body) as { type: string; data: Record<string, unknown> });
const arrived = (path: string, count = 1) =>
  until(
    () => bodiesAt(path),
    (bodies) => bodies.length >= count,
  );

describe('news of one integration', () => {
  it('that come together are one message, and each alert shows that it was told', async () => {
    const { id } = await subscribe('/ok/group');
    await publishBreaches(rooms, opened(), opened(), opened({ integrationId: 'isv_b' }));
    const bodies = await arrived('/ok/group', 2);
    expect(bodies.map(({ type }) => type).sort()).toEqual(['alerts.grouped', 'fairuse.breach.opened']);
    const items = await settled(id, 3);
    expect(items.map(({ state }) => state)).toEqual(['told', 'told', 'told']);
    expect(new Set(items.map(({ deliveryId }) => deliveryId)).size).toBe(2);
    const alert = await rooms.call('ops', 'GET', `/v1/alerts/${items[2]!.alertId}`);
    expect(alert.body.deliveries).toMatchObject([{ id: items[2]!.deliveryId, subscriptionId: id }]);
    expect(await notices(id, `&deliveryId=${items[2]!.deliveryId}`)).toHaveLength(2);
  });

  it('wait for what follows, and survive the process', async () => {
    const { id } = await subscribe('/ok/waits', { grouping: { waitMs: 30_000, intervalMs: 0 } });
    await publishBreaches(rooms, opened());
    expect(await notices(id)).toMatchObject([{ state: 'waiting', deliveryId: null }]);
    const beside = () =>
      startTestRooms([alertingRoom], {
        now: new Date(rooms.clock.now().getTime() + 30_000).toISOString(),
        databaseUrl: rooms.databaseUrl,
        settings: { WEBHOOK_ALLOWED_HOSTS: receiver.host },
      });
    const others = await Promise.all([beside(), beside()]);
    await settled(id, 1);
    await arrived('/ok/waits');
    for (const other of others) await other.stop();
    expect(bodiesAt('/ok/waits')).toHaveLength(1);
  });

  it('are told each by itself to who asked for that, as webhooks are unless they say otherwise', async () => {
    await subscribeTo(rooms, receiver, '/ok/each');
    await publishBreaches(rooms, opened(), opened());
    const bodies = await arrived('/ok/each', 2);
    expect(bodies.map(({ type }) => type)).toEqual(['fairuse.breach.opened', 'fairuse.breach.opened']);
  });
});

it('a storm is one message, and each piece of news is named by it', async () => {
  const { id } = await subscribe('/ok/storm');
  await publishBreaches(
    rooms,
    ...Array.from({ length: 25 }, (_, index) => opened({ integrationId: `isv_storm_${index}` })),
  );
  const items = await settled(id, 25);
  const [body] = await arrived('/ok/storm');
  expect(body).toMatchObject({ type: 'alerts.storm', data: { integrationCount: 25, newsCount: 25 } });
  expect(new Set(items.map(({ state, deliveryId }) => `${state} ${deliveryId}`)).size).toBe(1);
  expect(items[0]!.state).toBe('folded');
  expect(bodiesAt('/ok/storm')).toHaveLength(1);
});

it('what is not told is kept with the reason', async () => {
  const { id } = await subscribe('/ok/muted', { kinds: ['breach', 'breach_resolved'] });
  const breachId = newBreachId();
  await publishBreaches(
    rooms,
    opened({ integrationId: 'isv_day', data: { ruleId: 'RATE_DAY' } }),
    opened({ integrationId: 'isv_day', severity: 'warning' }),
    opened({ breachId }),
    breachFact(rooms, breachId, 2, 'error', { type: breachResolved.type, data: { state: 'resolved' } }),
    opened({ breachId, version: 3, data: { occurrence: 2 } }),
    breachFact(rooms, breachId, 4, 'error', {
      type: breachResolved.type,
      data: { state: 'resolved', occurrence: 2 },
    }),
  );
  const items = await settled(id, 6);
  expect(items.map(({ state, reason }) => reason ?? state).reverse()).toEqual([
    'told',
    'inhibited',
    'told',
    'told',
    'cool_down',
    'opening_muted',
  ]);
  expect(await notices(id, '&state=muted')).toHaveLength(3);
});

it('a subscription whose groups would wait for an hour is refused', async () => {
  const { status, body } = await rooms.call('ops', 'POST', '/v1/alerts/subscriptions', {
    body: { url: `http://${receiver.host}/ok/x`, minSeverity: 'info', grouping: { waitMs: 3_600_000 } },
  });
  expect([status, body.errors[0].field]).toEqual([400, 'grouping.waitMs']);
});
