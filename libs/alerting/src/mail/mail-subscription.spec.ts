import type { TestRooms } from '@taxameter/platform/testing';
import {
  breachFact,
  newBreachId,
  publishBreaches,
  startAlertingRoom,
  startMailServer,
  startReceiver,
  until,
  type MailServer,
  type Receiver,
} from '../alerting.testing.js';

let rooms: TestRooms;
let mails: MailServer;
let receiver: Receiver;

beforeAll(async () => {
  mails = await startMailServer();
  receiver = await startReceiver();
  rooms = await startAlertingRoom(receiver, { ...mails.settings, PUBLIC_URL: 'https://taxameter.example' });
});

afterAll(async () => {
  await rooms?.stop();
  receiver.stop();
  await mails.stop();
});

const subscribe = (email: string, more: Record<string, unknown> = {}, at: TestRooms = rooms) =>
  at.call('ops', 'POST', '/v1/alerts/subscriptions', {
    body: { channel: 'email', email, minSeverity: 'info', ...more },
  });
const letter = async (to: string) =>
  (
    await until(
      () => mails.letters(to),
      (letters) => letters.length > 0,
    )
  )[0]!;
const deliveryTo = async (subscriptionId: string) => {
  const { body } = await rooms.call('ops', 'GET', '/v1/alerts/subscriptions');
  return body.items.find((item: { id: string }) => item.id === subscriptionId).newestDelivery as {
    id: string;
    state: string;
    lastStatus: number | null;
    lastDetail: string | null;
  };
};

describe('a subscription by mail', () => {
  it('is told of a breach in its language, with the identity of the delivery', async () => {
    const { status, body } = await subscribe('dansk@example.com', {
      integrationIds: ['isv_mail'],
      grouping: null,
    });
    expect([status, body.secret, body.url]).toEqual([201, null, null]);
    const breachId = newBreachId();
    await publishBreaches(rooms, breachFact(rooms, breachId, 1, 'error', { integrationId: 'isv_mail' }));
    const { raw, to } = await letter('dansk@example.com');
    expect(to).toEqual(['dansk@example.com']);
    const delivery = await until(
      () => deliveryTo(body.id),
      (found) => found.state === 'delivered',
    );
    expect(delivery.lastStatus).toBe(250);
    expect(raw).toContain(`Message-ID: <${delivery.id}@taxameter.example>`);
    expect(raw).toContain(`https://taxameter.example/sager/${breachId}`);
    expect(raw).toMatch(/Regel: RATE_MINUTE/);
  });

  it('is grouped unless it says otherwise', async () => {
    const { body } = await subscribe('grouped@example.com');
    expect(body.grouping).toEqual({ waitMs: 30_000, intervalMs: 300_000 });
  });

  it('sends a test that says so', async () => {
    const { body } = await subscribe('test@example.com', { language: 'en' });
    await rooms.call('ops', 'POST', `/v1/alerts/subscriptions/${body.id}/test`);
    expect((await letter('test@example.com')).raw).toContain('This is a test.');
  });

  it('whose mailbox is refused waits for the next attempt, and shows what was said', async () => {
    const { body } = await subscribe('broken@example.com');
    await rooms.call('ops', 'POST', `/v1/alerts/subscriptions/${body.id}/test`);
    const delivery = await until(
      () => deliveryTo(body.id),
      ({ lastDetail }) => lastDetail !== null,
    );
    expect(delivery).toMatchObject({ state: 'pending', lastStatus: 550 });
    expect(delivery.lastDetail).toContain('no such user');
  });

  it('stays one by mail, gets another mailbox, and has no secret to change', async () => {
    const { body } = await subscribe('before@example.com');
    const path = `/v1/alerts/subscriptions/${body.id}`;
    const change = (more: object) =>
      rooms.call('ops', 'PUT', path, { body: { minSeverity: 'info', version: 1, ...more } });
    const other = await change({ url: `http://${receiver.host}/ok/x` });
    expect([other.status, other.body.errors[0].rule]).toEqual([422, 'channel_is_fixed']);
    const changed = await change({ channel: 'email', email: 'after@example.com' });
    expect(changed.body).toMatchObject({ channel: 'email', email: 'after@example.com', version: 2 });
    expect((await rooms.call('ops', 'POST', `${path}/secret`)).status).toBe(409);
  });

  it.each([
    'a@example.com, b@example.com',
    'a@example.com\r\nBcc: b@example.com',
    'nobody',
    '<a@example.com>',
  ])('is refused for %j', async (email) => {
    const { status, body } = await subscribe(email);
    expect([status, body.errors[0].field]).toEqual([400, 'email']);
  });

  it('is refused with the reason where no mail can be sent', async () => {
    const without = await startAlertingRoom(receiver);
    try {
      const { status, body } = await subscribe('vagt@example.com', {}, without);
      expect(status).toBe(422);
      expect(body.errors[0]).toMatchObject({ field: 'channel', rule: 'no_mail_server' });
    } finally {
      await without.stop();
    }
  });
});
