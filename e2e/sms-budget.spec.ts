import { setTimeout as sleep } from 'node:timers/promises';
import { sampleSms } from '@taxameter/contracts/testing';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { ALL_ROOMS } from '@taxameter/server';

/** "Stop ved loft": from the SMS that a partner's budget ends with to what a gateway must refuse, through every room. */

const NOW = '2026-12-30T08:00:00.000Z';
const NEXT_QUARTER = '2027-01-02T08:00:00.000Z';
const BUDGET = '/v1/integrations/isv_a/sms-budget';

describe('an SMS budget', () => {
  /** Holds the database while the rooms are stopped and started with another clock. */
  let holder: TestRooms;
  let rooms: TestRooms;

  beforeAll(async () => {
    holder = await startTestRooms([]);
    const { databaseUrl } = holder;
    rooms = await startTestRooms(ALL_ROOMS, { now: NOW, databaseUrl });
    for (const partnerId of ['par_a', 'par_b']) {
      await rooms.call('ops', 'PUT', `/v1/partners/${partnerId}`, { body: { name: partnerId } });
    }
    const integration = { name: 'Lageret', kind: 'public', partnerId: 'par_a' };
    await rooms.call('ops', 'PUT', '/v1/integrations/isv_a', { body: integration });
  });

  afterAll(async () => {
    await rooms?.stop();
    await holder?.stop();
  });

  async function settle(): Promise<void> {
    // Metering tells fair-use, which tells partners: each settles in its turn.
    for (let turn = 0; turn < 3; turn += 1) await rooms.settle();
  }

  async function send(time: string, ids: readonly string[], more: object = {}) {
    const { status } = await rooms.call('ingest', 'POST', '/v1/events', {
      body: JSON.stringify(ids.map((id) => sampleSms(id, time, more))),
      headers: { 'content-type': 'application/cloudevents-batch+json' },
    });
    expect(status).toBe(202);
    await settle();
  }

  async function set(body: object, partnerId = 'par_a') {
    const answer = await rooms.call('partner', 'PUT', BUDGET, { partnerId, body });
    await settle();
    return answer;
  }

  const standing = async () => (await rooms.call('partner', 'GET', BUDGET, { partnerId: 'par_a' })).body;
  const sent = (ids: readonly string[], more: object = {}) => send(NOW, ids, more);

  /** What a gateway is told to refuse. */
  async function refused(): Promise<string[]> {
    const { body } = await rooms.call('gateway', 'GET', '/v1/enforcement');
    const found = (
      body.integrations as { integrationId: string; restrictions: { capability: string }[] }[]
    ).find(({ integrationId }) => integrationId === 'isv_a');
    return (found?.restrictions ?? []).map(({ capability }) => capability);
  }

  it('is the owner’s to set: not another partner’s, and not ours', async () => {
    expect((await set({ messagesPerQuarter: 5 }, 'par_b')).status).toBe(404);
    for (const role of ['ops', 'finance', 'admin'] as const) {
      const { status } = await rooms.call(role, 'PUT', BUDGET, { body: { messagesPerQuarter: 5 } });
      expect([role, status]).toEqual([role, 403]);
    }
    expect((await set({ messagesPerQuarter: 0 })).body.errors).toMatchObject([
      { field: 'messagesPerQuarter' },
    ]);
    expect(await standing()).toEqual({ budget: null, reached: null, stop: null });
  });

  it('stops nothing while it is not used up, and says which share is; SMS in test mode do not count', async () => {
    await sent(['one', 'two']);
    expect((await set({ messagesPerQuarter: 5, stopsAtLimit: true })).body).toMatchObject({ version: 1 });
    expect((await standing()).reached).toMatchObject({ messages: 2, reachedPercent: 0 });
    await sent(['three', 'three']);
    expect((await standing()).reached).toMatchObject({ messages: 3, reachedPercent: 50 });
    await sent(['test-1', 'test-2', 'test-3'], { testMode: true });
    await send('2026-09-15T08:00:00.000Z', ['quarter-before-1', 'quarter-before-2', 'quarter-before-3']);
    expect((await standing()).reached).toMatchObject({ messages: 3, reachedPercent: 50 });
    expect(await refused()).toEqual([]);
  });

  it('stops the SMS of the integration, and nothing else, when it is reached, to the end of the quarter', async () => {
    await sent(['four', 'five']);
    expect(await refused()).toEqual(['sms']);
    const { stop, reached } = await standing();
    expect(reached).toMatchObject({ messages: 5, reachedPercent: 100, quarter: '2026-Q4' });
    expect(stop).toMatchObject({
      mode: 'block',
      reasonCode: 'own_request',
      until: '2026-12-31T23:00:00.000Z',
      imposedBy: null,
      note: { da: expect.stringContaining('loft på 5 SMS i 4. kvartal 2026') as string },
    });
  });

  it('opens them when it is raised, and stops them anew when that is reached too', async () => {
    // It goes on to stop, though that is not said again.
    await set({ messagesPerQuarter: 7 });
    expect(await refused()).toEqual([]);
    expect((await standing()).reached).toMatchObject({ messages: 5, reachedPercent: 50, budgetVersion: 2 });
    await sent(['six', 'seven', 'eight']);
    expect(await refused()).toEqual(['sms']);
  });

  it('that a person has opened by hand does not stop them again, until it is changed', async () => {
    const { restrictionId } = (await standing()).stop;
    await rooms.call('ops', 'POST', `/v1/restrictions/${restrictionId}/lift`, { body: { reason: 'aftalt' } });
    await sent(['nine']);
    expect(await refused()).toEqual([]);
    await set({ messagesPerQuarter: 6, stopsAtLimit: true });
    expect(await refused()).toEqual(['sms']);
  });

  it('lets them through when its stop is switched off, or it is taken away', async () => {
    await set({ messagesPerQuarter: 6, stopsAtLimit: false });
    expect(await refused()).toEqual([]);
    await set({ messagesPerQuarter: 6, stopsAtLimit: true });
    expect(await refused()).toEqual(['sms']);
    await set({ messagesPerQuarter: null });
    expect(await refused()).toEqual([]);
    expect(await standing()).toMatchObject({ budget: { messagesPerQuarter: null }, stop: null });
  });

  it('stands on the timeline with each of its steps', async () => {
    const { body } = await rooms.call('partner', 'GET', '/v1/integrations/isv_a/timeline?limit=100', {
      partnerId: 'par_a',
    });
    const texts = (body.items as { text: { da: string } }[]).map(({ text }) => text.da).reverse();
    expect(texts).toEqual(
      expect.arrayContaining([
        'Partneren har sat et SMS-loft på 5 SMS pr. kvartal, og SMS stoppes, når det er nået.',
        'Partneren har sat et SMS-loft på 6 SMS pr. kvartal uden stop.',
        'Partneren har fjernet sit SMS-loft.',
        'Begrænsningen er ophævet.',
      ]),
    );
  });

  it('ends with its quarter, also the stop, and begins anew', async () => {
    await set({ messagesPerQuarter: 6, stopsAtLimit: true });
    expect(await refused()).toEqual(['sms']);
    await rooms.stop();
    rooms = await startTestRooms(ALL_ROOMS, { now: NEXT_QUARTER, databaseUrl: holder.databaseUrl });
    await untilTrue(async () => (await refused()).length === 0);
    expect(await standing()).toMatchObject({ budget: { messagesPerQuarter: 6 }, reached: null, stop: null });
    await send(NEXT_QUARTER, ['new-1', 'new-2', 'new-3']);
    expect((await standing()).reached).toMatchObject({ quarter: '2027-Q1', messages: 3, reachedPercent: 50 });
    await send(NOW, ['late-1']);
    expect((await standing()).reached).toMatchObject({ quarter: '2027-Q1', messages: 3 });
    expect(await refused()).toEqual([]);
    await send(NEXT_QUARTER, ['new-4', 'new-5', 'new-6']);
    expect(await refused()).toEqual(['sms']);
  });

  it('stops nothing any more once the integration has another owner, who is told of no budget', async () => {
    const sold = { name: 'Lageret', kind: 'public', partnerId: 'par_b' };
    await rooms.call('ops', 'PUT', '/v1/integrations/isv_a', { body: sold });
    await untilTrue(async () => (await refused()).length === 0);
    const buyer = await rooms.call('partner', 'GET', BUDGET, { partnerId: 'par_b' });
    expect(buyer.body).toEqual({ budget: null, reached: null, stop: null });
    expect((await set({ messagesPerQuarter: 1_000, version: 0 }, 'par_b')).status).toBe(200);
    expect(await refused()).toEqual([]);
  });
});

/** Within the seconds in which the room looks again by itself. */
async function untilTrue(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries += 1) {
    if (tries === 150) throw new Error('it did not happen within 15 s');
    await sleep(100);
  }
}
