import { setTimeout as sleep } from 'node:timers/promises';
import { breachOpened, breachReopened, breachResolved } from '@taxameter/contracts';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { Webhook } from 'standardwebhooks';
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
  type BreachEvent,
  type Receiver,
} from './alerting.testing.js';

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

const fact = (...args: Parameters<typeof breachFact> extends [TestRooms, ...infer Rest] ? Rest : never) =>
  breachFact(rooms, ...args);
const publish = (...events: BreachEvent[]) => publishBreaches(rooms, ...events);

const subscribe = (path: string, more: Record<string, unknown> = {}) =>
  subscribeTo(rooms, receiver, path, more);
const arrivals = (path: string) => receiver.arrivals(path);
const alertOf = async (breachId: string) => {
  const { body } = await rooms.call('ops', 'GET', '/v1/alerts?limit=500');
  const alert = body.items.find((item: { breachId: string }) => item.breachId === breachId);
  return (await rooms.call('ops', 'GET', `/v1/alerts/${alert.id}`)).body;
};

beforeEach(async () => {
  await removeSubscriptions(rooms);
  receiver.forget();
});

describe('alerts', () => {
  it('tell a subscriber once of a breach whose fact arrives three times, signed with the secret that was shown', async () => {
    const { id, secret } = await subscribe('/ok/once', { language: 'en' });
    const breachId = newBreachId();
    const opened = fact(breachId, 1, 'error');
    await publish(opened, opened);
    await publish(opened);
    await until(
      () => arrivals('/ok/once'),
      (requests) => requests.length > 0,
    );
    await sleep(700);
    const [request, ...more] = arrivals('/ok/once');
    expect(more).toEqual([]);
    const payload = new Webhook(secret).verify(request!.body, request!.headers as Record<string, string>);
    const alert = await until(
      () => alertOf(breachId),
      ({ deliveries }) => deliveries[0]?.state === 'delivered',
    );
    expect(payload).toMatchObject({
      type: 'fairuse.breach.opened',
      data: { breachId, severity: 'error', integrationId: 'isv_a', link: `/v1/alerts/${alert.id}` },
    });
    expect(alert.deliveries).toMatchObject([
      {
        id: request!.headers['webhook-id'],
        subscriptionId: id,
        history: [{ number: 1, outcome: 'delivered', status: 204 }],
      },
    ]);
  });

  it('are one alert per breach: an escalation changes it and is told of again', async () => {
    await subscribe('/ok/escalation');
    const breachId = newBreachId();
    await publish(fact(breachId, 1, 'warning'));
    await publish(fact(breachId, 2, 'critical'), fact(breachId, 1, 'warning'));
    await until(
      () => arrivals('/ok/escalation'),
      (requests) => requests.length === 2,
    );
    expect(
      arrivals('/ok/escalation')
        .map(({ body }) => (JSON.parse(body) as { type: string }).type)
        .sort(),
    ).toEqual(['fairuse.breach.escalated', 'fairuse.breach.opened']);
    expect(await alertOf(breachId)).toMatchObject({ version: 2, severity: 'critical' });
  });

  it('go only to those who want them', async () => {
    await subscribe('/ok/critical', { minSeverity: 'critical' });
    await subscribe('/ok/other', { integrationIds: ['isv_b'] });
    await subscribe('/ok/rule', { rules: ['RATE_MINUTE'] });
    const breachId = newBreachId();
    await publish(fact(breachId, 1, 'error'));
    await until(
      () => arrivals('/ok/rule'),
      (requests) => requests.length === 1,
    );
    expect((await alertOf(breachId)).deliveries).toHaveLength(1);
  });

  it('that are resolved are kept and told to nobody', async () => {
    await subscribe('/ok/resolved');
    const breachId = newBreachId();
    await publish(fact(breachId, 2, 'error', { data: { state: 'resolved' } }));
    expect(await alertOf(breachId)).toMatchObject({ state: 'resolved', deliveries: [] });
  });

  it('follow what a person does to the breach and wake nobody, until it is broken again', async () => {
    await subscribe('/ok/handled');
    const breachId = newBreachId();
    await publish(fact(breachId, 1, 'error'));
    await publish(fact(breachId, 2, 'error', { type: breachResolved.type, data: { state: 'resolved' } }));
    expect(await alertOf(breachId)).toMatchObject({ version: 2, state: 'resolved' });
    await publish(fact(breachId, 3, 'error', { type: breachReopened.type }));
    const alert = await alertOf(breachId);
    expect(alert).toMatchObject({ version: 3, state: 'open' });
    expect(alert.deliveries).toHaveLength(1);
    await publish(fact(breachId, 4, 'error', { type: breachResolved.type, data: { state: 'resolved' } }));
    await publish(fact(breachId, 5, 'warning', { type: breachOpened.type, data: { occurrence: 2 } }));
    await until(
      () => arrivals('/ok/handled'),
      (requests) => requests.length === 2,
    );
    expect(await alertOf(breachId)).toMatchObject({ state: 'open', severity: 'warning', occurrence: 2 });
    const again = JSON.parse(arrivals('/ok/handled')[1]!.body) as { type: string; data: object };
    expect(again).toMatchObject({ type: 'fairuse.breach.opened', data: { breachId, occurrence: 2 } });
  });

  it('wait for their next attempt when the receiver is broken or moved, and say so', async () => {
    await subscribe('/broken/x');
    await subscribe('/moved/x');
    const breachId = newBreachId();
    await publish(fact(breachId, 1, 'error'));
    const { deliveries } = await until(
      () => alertOf(breachId),
      (alert) => alert.deliveries.every((delivery: { attempts: number }) => delivery.attempts === 1),
    );
    expect(deliveries.map((delivery: { lastStatus: number }) => delivery.lastStatus).sort()).toEqual([
      307, 500,
    ]);
    expect(deliveries[0]).toMatchObject({ state: 'pending', nextAttemptAt: expect.any(String) });
    expect(arrivals('/ok/elsewhere')).toEqual([]);
  });

  it('are paged without gap or repetition, newest breach first, and filtered', async () => {
    const openedAt = (minute: number) => `2026-10-05T08:0${minute}:00Z`;
    await publish(
      ...[3, 1, 2, 2, 0].map((minute) =>
        fact(newBreachId(), 1, minute === 1 ? 'critical' : 'info', {
          integrationId: 'isv_paged',
          data: { openedAt: openedAt(minute) },
        }),
      ),
    );
    const found: { id: string; openedAt: string }[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await rooms.call('ops', 'GET', `/v1/alerts?integrationId=isv_paged&limit=2${query}`);
      found.push(...body.items);
      cursor = body.nextCursor;
    }
    expect(found.map((alert) => alert.openedAt)).toEqual([3, 2, 2, 1, 0].map(openedAt));
    expect(new Set(found.map((alert) => alert.id)).size).toBe(5);
    const critical = await rooms.call(
      'ops',
      'GET',
      '/v1/alerts?integrationId=isv_paged&minSeverity=critical',
    );
    expect(critical.body.items).toHaveLength(1);
  });

  it('are for ops: no token, a partner and an unknown id get nothing', async () => {
    expect((await rooms.call('anonymous', 'GET', '/v1/alerts')).status).toBe(401);
    expect((await rooms.call('partner', 'GET', '/v1/alerts', { partnerId: 'par_1' })).status).toBe(403);
    expect((await rooms.call('partner', 'GET', '/v1/alerts/stream', { partnerId: 'par_1' })).status).toBe(
      403,
    );
    expect((await rooms.call('ops', 'GET', `/v1/alerts/alr_${'0'.repeat(32)}`)).status).toBe(404);
    expect((await rooms.call('ops', 'GET', "/v1/alerts/alr_'%20or%201=1")).status).toBe(400);
  });
});

describe('subscriptions', () => {
  it('show their secret once, also when the command is sent again', async () => {
    const call = {
      body: { url: `http://${receiver.host}/ok/secret`, minSeverity: 'error' },
      headers: { 'idempotency-key': 'subscribe-once' },
    };
    const first = await rooms.call('ops', 'POST', '/v1/alerts/subscriptions', call);
    const again = await rooms.call('ops', 'POST', '/v1/alerts/subscriptions', call);
    expect(first.body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(again.body).toEqual({ ...first.body, secret: null });
    const list = await rooms.call('ops', 'GET', '/v1/alerts/subscriptions');
    expect(list.body.items).toHaveLength(1);
    expect(JSON.stringify(list.body)).not.toContain('whsec_');
    const database = rooms.databases.get('alerting')!;
    expect(JSON.stringify(await database.query('select * from idempotency_key'))).not.toContain('whsec_');
  });

  it.each(['https://127.0.0.1/x', 'http://example.com/x', 'https://169.254.169.254/', 'nonsense'])(
    'refuse the URL %s and name the field',
    async (url) => {
      const answer = await rooms.call('ops', 'POST', '/v1/alerts/subscriptions', {
        body: { url, minSeverity: 'info' },
      });
      expect([answer.status, answer.body.errors[0].field]).toEqual([400, 'url']);
    },
  );

  it('send a test that is verified and shown as their newest delivery', async () => {
    const { id, secret } = await subscribe('/ok/test', { minSeverity: 'critical' });
    const { status, body } = await rooms.call('ops', 'POST', `/v1/alerts/subscriptions/${id}/test`);
    expect(status).toBe(202);
    const [request] = await until(
      () => arrivals('/ok/test'),
      (requests) => requests.length === 1,
    );
    expect(
      new Webhook(secret).verify(request!.body, request!.headers as Record<string, string>),
    ).toMatchObject({
      type: 'fairuse.test',
    });
    const newest = async () =>
      (await rooms.call('ops', 'GET', '/v1/alerts/subscriptions')).body.items[0].newestDelivery;
    expect(await until(newest, ({ state }) => state === 'delivered')).toMatchObject({ id: body.deliveryId });
  });

  it('sign with the old and the new secret after a rotation, and no longer with the one before', async () => {
    const { id, secret: first } = await subscribe('/ok/rotation');
    const rotate = async () =>
      (await rooms.call('ops', 'POST', `/v1/alerts/subscriptions/${id}/secret`)).body.secret as string;
    const [second, third] = [await rotate(), await rotate()];
    await rooms.call('ops', 'POST', `/v1/alerts/subscriptions/${id}/test`);
    const [request] = await until(
      () => arrivals('/ok/rotation'),
      (requests) => requests.length === 1,
    );
    const verify = (secret: string) => () =>
      new Webhook(secret).verify(request!.body, request!.headers as Record<string, string>);
    expect(verify(second)).not.toThrow();
    expect(verify(third)).not.toThrow();
    expect(verify(first)).toThrow();
  });

  it('are disabled by a 410 and then told nothing', async () => {
    const { id } = await subscribe('/gone/x');
    await publish(fact(newBreachId(), 1, 'error'));
    const read = async () => (await rooms.call('ops', 'GET', '/v1/alerts/subscriptions')).body.items[0];
    expect(await until(read, ({ state }) => state === 'disabled')).toMatchObject({
      disabledReason: expect.stringContaining('410'),
    });
    const breachId = newBreachId();
    await publish(fact(breachId, 1, 'error'));
    expect((await alertOf(breachId)).deliveries).toEqual([]);
    expect((await rooms.call('ops', 'POST', `/v1/alerts/subscriptions/${id}/test`)).status).toBe(409);
  });

  it('forget their secret when they are removed', async () => {
    const { id } = await subscribe('/ok/removed');
    expect((await rooms.call('ops', 'DELETE', `/v1/alerts/subscriptions/${id}`)).status).toBe(204);
    expect((await rooms.call('ops', 'DELETE', `/v1/alerts/subscriptions/${id}`)).status).toBe(404);
    const rows = await rooms.databases
      .get('alerting')!
      .query('select secret from subscription where id = $1', [id]);
    expect(rows).toEqual([{ secret: '' }]);
  });
});

describe('the live stream', () => {
  interface StreamEvent {
    readonly id: string;
    readonly breachId: string;
    readonly severity: string;
  }

  async function open(lastEventId?: string) {
    const leave = new AbortController();
    const response = await fetch(`${rooms.address}/v1/alerts/stream`, {
      signal: leave.signal,
      headers: {
        authorization: `Bearer ${await rooms.token({ role: 'ops' })}`,
        ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      },
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    let text = '';
    const ended = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
        text += decoder.decode(chunk, { stream: true });
      }
      return true;
    })().catch(() => false);
    const events = (): StreamEvent[] =>
      text
        .split('\n\n')
        .filter((block) => block.startsWith('event: breach\n'))
        .map((block) => {
          const [, id = '', data = ''] = /^event: breach\nid: (\d+)\ndata: (.*)$/.exec(block) ?? [];
          const { breachId, severity } = JSON.parse(data) as StreamEvent;
          return { id, breachId, severity };
        });
    return { events, ended, leave: () => leave.abort(), text: () => text };
  }

  it('gives a client what comes after it connected, and after a reconnect what it missed, once', async () => {
    await publish(fact(newBreachId(), 1, 'info'));
    const first = await open();
    await until(first.text, (text) => text.includes(': connected'));
    const [live, missed, later] = [newBreachId(), newBreachId(), newBreachId()];
    await publish(fact(live, 1, 'warning'));
    const [event] = await until(first.events, (events) => events.length > 0);
    expect(event).toMatchObject({ breachId: live, severity: 'warning' });
    first.leave();
    await publish(fact(missed, 1, 'error'), fact(live, 2, 'critical'));
    const second = await open(event!.id);
    await until(second.events, (events) => events.length === 2);
    await publish(fact(later, 1, 'info'));
    await until(second.events, (events) => events.length === 3);
    expect(second.events().map(({ breachId, severity }) => [breachId, severity])).toEqual([
      [missed, 'error'],
      [live, 'critical'],
      [later, 'info'],
    ]);
    second.leave();
  });

  it('takes a number above the newest for now', async () => {
    const stream = await open('999999999');
    await until(stream.text, (text) => text.includes(': connected'));
    const breachId = newBreachId();
    await publish(fact(breachId, 1, 'info'));
    expect(await until(stream.events, (events) => events.length > 0)).toMatchObject([{ breachId }]);
    stream.leave();
  });

  it('ends when the process stops, and does not hold it up', async () => {
    const other = await startTestRooms([alertingRoom]);
    const response = await fetch(`${other.address}/v1/alerts/stream`, {
      headers: { authorization: `Bearer ${await other.token({ role: 'ops' })}` },
    });
    const ended = response.text();
    const started = performance.now();
    await other.stop();
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(await ended).toContain(': connected');
  });
});
