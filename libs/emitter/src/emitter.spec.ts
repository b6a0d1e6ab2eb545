import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { removeFolders, startTestEmitter, temporaryFolder, until } from './emitter.testing.js';
import { startEmitter } from './emitter.service.js';
import type { ObservedCall } from './calls/write-call.js';
import { startDoor } from './send/door.testing.js';
import type { EmitterSettings } from './settings.js';

const CALL: ObservedCall = {
  startedMs: Date.parse('2026-10-05T08:00:00.000Z'),
  durationMs: 5,
  method: 'GET',
  target: '/v1/1/contacts',
  route: '/v1/{organizationId}/contacts',
  status: 200,
  requestBytes: 0,
  responseBytes: 2,
  retryAfterSec: null,
  authScheme: 'bearer',
  address: null,
  userAgent: null,
  enforced: 'none',
};
const SMS = {
  integrationId: 'isv_a',
  organizationId: '1',
  channel: 'send_sms',
  recipient: '+4520123456',
  encoding: 'GSM7',
  characters: 20,
  segments: 1,
} as const;
const settings = (more: Partial<EmitterSettings>): EmitterSettings => ({
  url: 'http://127.0.0.1:9',
  token: 'a-token',
  source: '/gateway/test',
  directory: temporaryFolder(),
  hashKey: 'a key of sixteen characters',
  feed: null,
  flushMs: 10,
  sendMs: 10,
  closeMs: 100,
  ...more,
});

afterAll(removeFolders);

describe('the emitter', () => {
  it('loses nothing and sends nothing twice over a restart while the door is away', async () => {
    const given = settings({});
    const before = await startEmitter(given);
    for (let number = 0; number < 1_000; number += 1) before.takeCall(CALL, { integrationId: 'isv_a' }, {});
    expect(before.stats().waiting.memoryEvents).toBe(1_000);
    const messageId = await before.emitSms(SMS);
    await before.close();
    expect(before.stats()).toMatchObject({
      accepted: 0,
      dropped: 0,
      waiting: { memoryEvents: 0, diskEvents: 1_001 },
    });
    await expect(before.emitSms(SMS)).rejects.toThrow('closed');

    const door = await startDoor();
    const after = await startEmitter({ ...given, url: door.door.url });
    await until(() => after.stats().accepted === 1_001);
    const ids = (door.events as { id: string }[]).map(({ id }) => id);
    expect([ids.length, new Set(ids).size, ids.includes(messageId)]).toEqual([1_001, 1_001, true]);
    await after.close();
    await door.stop();
  });

  it('sends the same ids again when the answer of the door was lost', async () => {
    const { emitter, door, stop } = await startTestEmitter({ feed: null });
    door.failures = ['hang up'];
    emitter.takeCall(CALL, null, {});
    await until(() => emitter.stats().accepted === 1);
    const [first, second] = door.bodies.map((body) => (JSON.parse(body) as { id: string }[])[0]!.id);
    expect(second).toBe(first);
    await stop();
  });

  it('has every SMS that it has confirmed when it is killed', async () => {
    // With a feed that is away as well: the start waits for it, and ends.
    const given = settings({ feed: { token: 'b-token', gateway: 'test', readyMs: 50 } });
    const fixture = fileURLToPath(new URL('emitter.fixture.mjs', import.meta.url));
    const confirmed = new Set<string>();
    for (let round = 0; round < 3; round += 1) {
      const child = spawn(process.execPath, ['--no-warnings', fixture, JSON.stringify(given)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let written = '';
      child.stdout.on('data', (chunk: Buffer) => (written += chunk.toString()));
      await until(() => written.split('\n').length > 20 + round * 7);
      child.kill('SIGKILL');
      await once(child, 'close');
      for (const id of written.split('\n').slice(0, -1)) confirmed.add(id);
    }
    const door = await startDoor();
    const emitter = await startEmitter({ ...given, feed: null, url: door.door.url });
    await until(() => emitter.stats().waiting.diskEvents === 0);
    const sent = new Set((door.events as { id: string }[]).map(({ id }) => id));
    expect(confirmed.size).toBeGreaterThan(60);
    expect([...confirmed].filter((id) => !sent.has(id))).toEqual([]);
    await emitter.close();
    await door.stop();
  });

  it('refuses a wrong setting with its name', async () => {
    for (const [field, wrong] of [
      ['url', { url: 'taxameter' }],
      ['hashKey', { hashKey: 'short' }],
      ['operations.0', { operations: ['GET=list'] }],
      ['flushMs', { flushMs: 0 }],
    ] satisfies [string, Partial<EmitterSettings>][]) {
      await expect(startEmitter(settings(wrong))).rejects.toThrow(`setting ${field}`);
    }
  });

  it('holds up neither calls nor the end of its process while the door takes no answer', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const emitter = await startEmitter(settings({ url }));
    const startMs = performance.now();
    for (let number = 0; number < 2_000; number += 1) emitter.takeCall(CALL, null, {});
    expect(performance.now() - startMs).toBeLessThan(1_000);
    await emitter.close();
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect(emitter.stats().waiting.diskEvents).toBe(2_000);
    server.closeAllConnections();
    server.close();
  });
});
