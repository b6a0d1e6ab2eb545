import { setTimeout as sleep } from 'node:timers/promises';
import { restrictionObserved, TOPICS, type RestrictionObserved } from '@taxameter/contracts';
import { STRUCTURED_CONTENT_TYPE } from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { Webhook } from 'standardwebhooks';
import {
  alertingRoom,
  removeSubscriptions,
  startAlertingRoom,
  startReceiver,
  subscribeTo,
  until,
  type Receiver,
} from '../alerting.testing.js';
import { TIGHT_AFTER_MS } from './leak.js';

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

/** An instant so many seconds from the room's clock. */
const inSeconds = (seconds: number) => new Date(rooms.clock.now().getTime() + seconds * 1_000).toISOString();
const TIGHT = TIGHT_AFTER_MS / 1_000;

let ids = 0;
const newBlock = () => `rst_${(ids += 1)}`;

const fact = (
  restrictionId: string,
  version: number,
  letThrough: number,
  more: Partial<RestrictionObserved> = {},
): RestrictionObserved => ({
  restrictionId,
  integrationId: 'isv_a',
  version,
  since: inSeconds(-7_200),
  until: null,
  refused: 100,
  letThrough,
  firstLetThroughAt: letThrough === 0 ? null : inSeconds(-7_000),
  lastLetThroughAt: letThrough === 0 ? null : inSeconds(-3_600),
  lastCallAt: inSeconds(-3_600),
  ...more,
});
const tightAgain = () => ({ refused: 150, lastCallAt: inSeconds(-3_600 + TIGHT) });

const recordOf = (data: RestrictionObserved) => ({
  topic: TOPICS.restrictionsObserved.name,
  partition: 0,
  key: data.restrictionId,
  headers: { 'content-type': STRUCTURED_CONTENT_TYPE },
  value: new TextEncoder().encode(
    JSON.stringify({
      specversion: '1.0',
      id: `${data.restrictionId}/${data.version}`,
      source: '/taxameter/fair-use',
      type: restrictionObserved.type,
      time: rooms.clock.now().toISOString(),
      data,
    }),
  ),
});

async function publish(...facts: RestrictionObserved[]) {
  await rooms.producer.append(facts.map(recordOf));
  await rooms.settle();
}

const subscribe = (path: string, more: Record<string, unknown> = {}) =>
  subscribeTo(rooms, receiver, path, more);

const typesAt = (path: string) =>
  receiver.arrivals(path).map(({ body }) => (JSON.parse(body) as { type: string }).type);

const arrived = (path: string, count: number) =>
  until(
    () => typesAt(path),
    (types) => types.length >= count,
  );

/** Deliveries that were put in are under way within this time. */
const QUIET_MS = 700;

interface LeakAlert {
  readonly id: string;
  readonly restrictionId: string;
  readonly episode: number;
  readonly sequence: number;
  readonly deliveries: readonly { readonly subscriptionId: string }[];
}

const alertsOf = async (restrictionId: string) => {
  const { body } = await rooms.call('ops', 'GET', '/v1/alerts?kind=leak&limit=500');
  const items = body.items as LeakAlert[];
  // The clock stands still, so the list has no order by it.
  return items
    .filter((item) => item.restrictionId === restrictionId)
    .sort((one, other) => one.episode - other.episode);
};

describe('a block that leaks', () => {
  it('is told once, signed, however often and in however many versions the fact comes', async () => {
    const { id, secret } = await subscribe('/ok/once');
    const block = newBlock();
    await publish(fact(block, 1, 0), fact(block, 2, 1), fact(block, 2, 1));
    await publish(fact(block, 3, 40), fact(block, 2, 1));
    await arrived('/ok/once', 1);
    await sleep(QUIET_MS);
    const [request, ...more] = receiver.arrivals('/ok/once');
    expect(more).toEqual([]);
    const [alert, ...others] = await alertsOf(block);
    expect(others).toEqual([]);
    expect(
      new Webhook(secret).verify(request!.body, request!.headers as Record<string, string>),
    ).toMatchObject({
      type: 'restriction.leak.opened',
      data: {
        restrictionId: block,
        integrationId: 'isv_a',
        letThrough: 1,
        severity: 'error',
        state: 'open',
        link: `/v1/alerts/${alert!.id}`,
        effect: `/v1/restrictions/${block}/effect`,
      },
    });
    expect(alert).toMatchObject({
      kind: 'leak',
      version: 3,
      letThrough: 40,
      state: 'open',
      deliveries: [{ subscriptionId: id, id: request!.headers['webhook-id'] }],
    });
  });

  it('is told to be tight again once, to those who were told that it leaks, and then to leak again', async () => {
    await subscribe('/ok/tight');
    const block = newBlock();
    await publish(fact(block, 1, 1));
    await subscribe('/ok/later');
    await publish(fact(block, 2, 1, tightAgain()), fact(block, 3, 1, { ...tightAgain(), refused: 160 }));
    expect(await arrived('/ok/tight', 2)).toHaveLength(2);
    expect(await alertsOf(block)).toMatchObject([{ state: 'resolved', resolution: 'tight', episode: 1 }]);
    await publish(fact(block, 4, 2, { lastLetThroughAt: inSeconds(-60), lastCallAt: inSeconds(-60) }));
    await arrived('/ok/tight', 3);
    await arrived('/ok/later', 1);
    await sleep(QUIET_MS);
    expect(typesAt('/ok/tight').sort()).toEqual([
      'restriction.leak.opened',
      'restriction.leak.opened',
      'restriction.leak.resolved',
    ]);
    expect(typesAt('/ok/later')).toEqual(['restriction.leak.opened']);
    expect(await alertsOf(block)).toMatchObject([{ episode: 1 }, { episode: 2, state: 'open' }]);
  });

  it('is told once more when it was lifted, and nothing of what is found after that', async () => {
    await subscribe('/ok/lifted');
    const block = newBlock();
    await publish(fact(block, 1, 1));
    await publish(fact(block, 2, 2, { until: inSeconds(-1) }), fact(block, 3, 9, { until: inSeconds(-1) }));
    await arrived('/ok/lifted', 2);
    await sleep(QUIET_MS);
    expect(typesAt('/ok/lifted')).toHaveLength(2);
    expect(await alertsOf(block)).toMatchObject([{ resolution: 'ended', letThrough: 9, episode: 1 }]);
  });

  it('is over when it expires, although no fact tells of it, once for all processes', async () => {
    await subscribe('/ok/expires');
    const block = newBlock();
    await publish(fact(block, 1, 1, { until: inSeconds(3_600) }));
    await arrived('/ok/expires', 1);
    const beside = () =>
      startTestRooms([alertingRoom], {
        now: inSeconds(3_600),
        databaseUrl: rooms.databaseUrl,
        settings: { WEBHOOK_ALLOWED_HOSTS: receiver.host },
      });
    const others = await Promise.all([beside(), beside()]);
    await arrived('/ok/expires', 2);
    await sleep(QUIET_MS);
    for (const other of others) await other.stop();
    expect(typesAt('/ok/expires').slice(1)).toEqual(['restriction.leak.resolved']);
    expect(await alertsOf(block)).toMatchObject([{ resolution: 'ended', changedAt: inSeconds(3_600) }]);
  });

  it('that is over when it is first heard of is listed and wakes nobody', async () => {
    await subscribe('/ok/over');
    const block = newBlock();
    await publish(fact(block, 5, 3, { until: inSeconds(-60) }));
    expect(await alertsOf(block)).toMatchObject([{ state: 'resolved', resolution: 'ended', deliveries: [] }]);
  });

  it('is told to who chose leaks or chose nothing, not to who chose breaches', async () => {
    const both = await subscribe('/ok/both');
    const leaks = await subscribe('/ok/leaks', { kinds: ['leak'] });
    await subscribe('/ok/breaches', { kinds: ['breach'] });
    await subscribe('/ok/critical', { minSeverity: 'critical' });
    const block = newBlock();
    await publish(fact(block, 1, 1));
    const [alert] = await alertsOf(block);
    const told = alert!.deliveries.map(({ subscriptionId }) => subscriptionId);
    expect(told.sort()).toEqual([both.id, leaks.id].sort());
    const { body } = await rooms.call('ops', 'GET', '/v1/alerts/subscriptions');
    const kindsOf = (id: string) =>
      body.items.find((item: { id: string }) => item.id === id).kinds as string[];
    expect([kindsOf(both.id), kindsOf(leaks.id)]).toEqual([['breach', 'leak'], ['leak']]);
  });

  it('is shown with what to do about it, and in the live stream', async () => {
    const block = newBlock();
    await publish(fact(block, 1, 1));
    const { id, sequence } = (await alertsOf(block))[0]!;
    const { body } = await rooms.call('ops', 'GET', `/v1/alerts/${id}`);
    expect(body.guidance.da).toContain(`GET /v1/restrictions/${block}/effect`);
    expect(body).not.toHaveProperty('evidence');
    const leave = new AbortController();
    const response = await fetch(`${rooms.address}/v1/alerts/stream`, {
      signal: leave.signal,
      headers: {
        authorization: `Bearer ${await rooms.token({ role: 'ops' })}`,
        'last-event-id': String(sequence - 1),
      },
    });
    let text = '';
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += new TextDecoder().decode(chunk);
      if (text.includes(block)) break;
    }
    leave.abort();
    expect(text).toContain(`event: leak\nid: ${sequence}\n`);
  });

  it.each([[[]], [['leak', 'sms']]])('cannot be subscribed to as %j', async (kinds) => {
    const { status, body } = await rooms.call('ops', 'POST', '/v1/alerts/subscriptions', {
      body: { url: `http://${receiver.host}/ok/x`, minSeverity: 'info', kinds },
    });
    expect([status, body.errors[0].field]).toEqual([400, expect.stringMatching(/^kinds/)]);
  });
});
