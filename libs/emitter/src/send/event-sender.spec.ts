import { apiCall } from '@taxameter/contracts';
import type { CloudEvent } from '@taxameter/contracts';
import { startDoor } from './door.testing.js';
import type { TestDoor } from './door.testing.js';
import { EventSender } from './event-sender.service.js';
import type { Receipt } from './event-sender.service.js';
import { SendingFailed } from './post-batch.service.js';

let door: TestDoor;

beforeEach(async () => {
  door = await startDoor();
});

afterEach(() => door.stop());

function event(number: number, integrationId = 'isv', padding = ''): CloudEvent {
  return {
    specversion: '1.0',
    type: apiCall.type,
    source: '/test',
    id: String(number),
    time: '2026-05-16T08:00:00Z',
    data: { integrationId, organizationId: null, padding },
  };
}

async function send(events: CloudEvent[], timeoutMs?: number): Promise<Receipt[]> {
  const receipts: Receipt[] = [];
  const retry = { ...door.door.retry!, ...(timeoutMs !== undefined && { timeoutMs }) };
  const sender = new EventSender({ ...door.door, retry }, (receipt) => receipts.push(receipt));
  for (const [index, one] of events.entries()) await sender.add(one, index + 1);
  await sender.finish();
  return receipts;
}

const numbered = (count: number, integrationId?: (number: number) => string, padding?: string) =>
  Array.from({ length: count }, (_, number) => event(number, integrationId?.(number), padding));

describe('the event sender', () => {
  it('sends batches of at most 500 events as the contract says', async () => {
    await send(numbered(1200));
    expect(door.bodies.map((body) => (JSON.parse(body) as unknown[]).length)).toEqual([500, 500, 200]);
    expect(door.headers[0]).toMatchObject({
      url: '/v1/events',
      authorization: 'Bearer a-token',
      'content-type': 'application/cloudevents-batch+json',
    });
  });

  it('sends at most 900 kB at once, counted in bytes', async () => {
    await send(numbered(100, () => 'isv', 'æ'.repeat(20_000)));
    expect(door.events).toHaveLength(100);
    for (const body of door.bodies) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(900_000);
  });

  it('sends nothing when there is nothing', async () => {
    await send([]);
    expect(door.requests).toBe(0);
  });

  it('keeps the order of a key while several batches travel, also when some must be repeated', async () => {
    door.delayMs = 5;
    door.failures = [503, 429, 503];
    await send(numbered(6000, (number) => `isv_${number % 7}`));
    expect(door.mostAtOnce).toBeGreaterThan(1);
    expect(door.events).toHaveLength(6000);
    for (let key = 0; key < 7; key += 1) {
      const ids = (door.events as CloudEvent[]).map(({ id }) => Number(id)).filter((id) => id % 7 === key);
      expect(ids).toEqual([...ids].sort((one, other) => one - other));
    }
  });

  it.each([503, 500, 429, 'hang up' as const])('repeats the same bytes after %s', async (failure) => {
    door.failures = [failure, failure];
    const receipts = await send(numbered(3));
    expect(door.requests).toBe(3);
    expect(new Set(door.bodies).size).toBe(1);
    expect(receipts).toEqual([{ accepted: 3, refused: [] }]);
  });

  it('repeats when the door does not answer in time', async () => {
    door.delayMs = 700;
    const sending = send(numbered(1), 500);
    setTimeout(() => (door.delayMs = 0), 400);
    expect(await sending).toEqual([{ accepted: 1, refused: [] }]);
  });

  it('gives up after the last attempt and says what to do', async () => {
    door.failures = [503, 503, 503, 503];
    await expect(send(numbered(3))).rejects.toThrow(/after 4 attempts \(last: status 503: told to fail\)/);
    expect(door.requests).toBe(4);
  });

  it.each([
    [401, 'does not know the token'],
    [403, 'role ingest'],
    [404, 'has no /v1/events'],
    [400, 'status 400: told to fail'],
    [302, 'status 302'],
  ])('does not repeat after %s', async (status, sentence) => {
    door.failures = [status];
    await expect(send(numbered(3))).rejects.toThrow(sentence);
    expect(door.requests).toBe(1);
  });

  it('stops reading soon after a refusal', async () => {
    door.failures = [401];
    const sender = new EventSender(door.door, () => undefined);
    let added = 0;
    const adding = async () => {
      for (; added < 100_000; added += 1) await sender.add(event(added), added);
    };
    await expect(adding()).rejects.toBeInstanceOf(SendingFailed);
    expect(added).toBeLessThan(1001);
  });

  it('tells the line of what the door refused', async () => {
    door.rejectWhen = (one) => ((one as CloudEvent).id === '600' ? 'too odd' : null);
    const receipts = await send(numbered(700));
    expect(receipts.flatMap(({ refused }) => refused)).toEqual([
      { line: 601, field: 'data.route', reason: 'too odd' },
    ]);
  });

  it('does not take a 202 of somebody else for an answer', async () => {
    door.answer = '<html>';
    await expect(send(numbered(1))).rejects.toThrow('is it the door of Taxameter?');
  });
});
