import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleApiCall, sampleSms } from '@taxameter/contracts/testing';
import { removeFolders, temporaryFolder, until } from '../emitter.testing.js';
import { startDoor } from '../send/door.testing.js';
import type { TestDoor } from '../send/door.testing.js';
import { Delivery } from './deliver.service.js';
import { Segments } from './segments.service.js';

let folder: string;
let door: TestDoor;
let segments: Segments;
let deliveries: Delivery[];

beforeEach(async () => {
  folder = temporaryFolder();
  door = await startDoor();
  segments = await Segments.open(folder);
  deliveries = [];
});

afterEach(async () => {
  await Promise.all(deliveries.map((delivery) => delivery.end(0)));
  await segments.end();
  await door.stop();
  removeFolders();
});

function deliver(url = door.door.url): Delivery {
  const delivery = new Delivery(segments, { url, token: 'a-token' }, { folder, sendMs: 10 });
  deliveries.push(delivery);
  delivery.start();
  return delivery;
}

const event = (id: string) => JSON.stringify(sampleApiCall(id, '2026-10-05T08:00:00Z'));
const sms = (id: string) => JSON.stringify(sampleSms(id, '2026-10-05T08:00:00Z'));
const write = (...lines: string[]) =>
  segments.append(Buffer.from(lines.map((line) => `${line},\n`).join('')), lines.length, false);
const ids = () => door.events.map((one) => (one as { id: string }).id);
const aside = () =>
  readFileSync(join(folder, 'refused.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { line: string; reason: string });

describe('the delivery', () => {
  it('sends what waits in order and deletes it', async () => {
    await write(event('1'), event('2'));
    const delivery = deliver();
    await until(() => delivery.accepted === 2);
    await write(event('3'));
    await until(() => delivery.accepted === 3);
    expect(ids()).toEqual(['1', '2', '3']);
    await until(() => segments.waiting.files === 0);
    expect(door.headers[0]).toMatchObject({ url: '/v1/events', authorization: 'Bearer a-token' });
  });

  it('sends the same bytes again when the door is away, and counts each event once', async () => {
    door.failures = [503, 'hang up', 429];
    await write(event('1'), event('2'));
    const delivery = deliver();
    await until(() => delivery.trouble !== null);
    await until(() => delivery.accepted === 2);
    expect(new Set(door.bodies).size).toBe(1);
    expect([door.requests, ids(), delivery.trouble]).toEqual([4, ['1', '2'], null]);
  });

  it('puts aside what the door refuses, with the reason, and goes on', async () => {
    door.rejectWhen = (one) => ((one as { id: string }).id === '2' ? 'is not a route' : null);
    await write(event('1'), event('2'), event('3'));
    const delivery = deliver();
    await until(() => delivery.accepted === 2);
    await until(() => segments.waiting.files === 0);
    expect(aside()).toEqual([{ line: event('2'), reason: 'data.route: is not a route' }]);
    expect([delivery.refused, delivery.lastRefusal]).toEqual([1, 'data.route: is not a route']);
  });

  it('finds the one line that spoils a batch', async () => {
    door.isBroken = (body) => body.includes('spoilt');
    await write(...['1', '2', '3', '4', '5'].map((id) => (id === '4' ? '{"spoilt' : event(id))));
    const delivery = deliver();
    await until(() => segments.waiting.files === 0);
    expect(ids()).toEqual(['1', '2', '3', '5']);
    expect(aside().map(({ line }) => line)).toEqual(['{"spoilt']);
    expect([delivery.accepted, delivery.refused]).toEqual([4, 1]);
  });

  it.each([400, 404, 413, 422])(
    'keeps everything while something that is not the door answers %s to all',
    async (status) => {
      door.failures = Array.from({ length: 20 }, () => status);
      await write(event('1'), event('2'), event('3'));
      const delivery = deliver();
      await until(() => delivery.trouble !== null);
      expect(delivery.trouble).toContain(String(status));
      expect([segments.waiting.events, delivery.refused]).toEqual([3, 0]);
      door.failures = [];
      await delivery.end(5_000);
      expect(ids()).toEqual(['1', '2', '3']);
    },
  );

  it('sends less at a time where a proxy takes no more', async () => {
    door.isTooLarge = (body) => (JSON.parse(body) as unknown[]).length > 2;
    await write(...['1', '2', '3', '4', '5'].map(event));
    deliver();
    await until(() => segments.waiting.files === 0);
    expect(ids()).toEqual(['1', '2', '3', '4', '5']);
  });

  it('lets no refused SMS go when there is no more room for what is refused, and only counts calls', async () => {
    const path = join(folder, 'refused.jsonl');
    writeFileSync(path, `${'x'.repeat(16 * 1024 * 1024 - 1)}\n`);
    door.rejectWhen = () => 'is not known';
    await write(event('1'));
    const delivery = deliver();
    await until(() => delivery.refused === 1);
    await write(sms('2'));
    await until(() => delivery.trouble !== null);
    expect(delivery.trouble).toMatch(/refused\.jsonl is full and an SMS was refused/);
    expect([segments.waiting.events, delivery.refused]).toEqual([1, 1]);
    rmSync(path);
    await until(() => segments.waiting.files === 0);
    expect(aside().map(({ line }) => line)).toEqual([sms('2')]);
    await until(() => delivery.trouble === null);
  });

  it('keeps everything while its token is not good', async () => {
    door.failures = [401];
    await write(event('1'));
    const delivery = deliver();
    await until(() => delivery.trouble !== null);
    expect(delivery.trouble).toContain('does not know the token');
    expect(segments.waiting.events).toBe(1);
  });

  it('sends what waits when it ends, and leaves on disk what it cannot', async () => {
    await write(event('1'));
    const delivery = deliver();
    await delivery.end(5_000);
    expect(ids()).toEqual(['1']);
    door.delayMs = 3_000;
    await write(event('2'));
    const startMs = performance.now();
    await deliver().end(100);
    expect(performance.now() - startMs).toBeLessThan(2_000);
    expect(segments.waiting.events).toBe(1);
  });

  it('takes over what another process leaves behind only to send it', async () => {
    await segments.end();
    writeFileSync(join(folder, 'events-001700000000000-999999999.batch'), `${event('1')},\n`);
    segments = await Segments.open(folder);
    deliver();
    await until(() => ids().length === 1);
  });
});
