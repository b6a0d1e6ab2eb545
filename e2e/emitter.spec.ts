import { rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { readLocalAccess } from '../services/cli/src/local-access.service.js';
import { example, taxameter, temporaryFolder, type Running } from './command-line.js';

/** The example API against a Taxameter of its own: what it answers is what is counted, and what ops restrict is refused there. */

interface Usage {
  readonly calls: number;
  readonly calls429: number;
  readonly sms: number;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function until<Seen>(look: () => Promise<Seen>, isSo: (seen: Seen) => boolean): Promise<Seen> {
  for (const deadline = Date.now() + 30_000; ;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`it did not become so: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('the example API', () => {
  const base = temporaryFolder('emitter');
  const running: Running[] = [];
  let env: Record<string, string>;
  let api: string;
  let calls = 0;
  let messages = 0;

  const start = async (one: Running, shown: RegExp): Promise<{ one: Running; address: string }> => {
    running.push(one);
    return { one, address: shown.exec(await one.shows(shown))![1]! };
  };
  const startTaxameter = () =>
    start(taxameter(['start'], { DATA_DIR: join(base, 'data'), PORT: env['PORT']! }), /(http:\S+)\/#setup/);
  const startExample = () =>
    start(example('fastify/api.js', { ...env, PORT: '0' }), /example on (http:\S+)\n/);

  /** A command of ops, or a question. */
  const ask = async <Body>(method: string, path: string, body?: object): Promise<Body> => {
    const { url, token } = readLocalAccess(join(base, 'data'))!;
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Body;
  };
  /** A call of the partner. Every answer is one call that must be counted. */
  const call = async (organizationId: string): Promise<number> => {
    const response = await fetch(`${api}/v1/${organizationId}/contacts`, {
      headers: { authorization: 'Bearer isv_a' },
    });
    await response.arrayBuffer();
    calls += 1;
    return response.status;
  };
  const sendSms = async (): Promise<void> => {
    const response = await fetch(`${api}/v1/1/sms/7/send-sms`, {
      method: 'POST',
      headers: { authorization: 'Bearer isv_a', 'content-type': 'application/json' },
      body: '{"receiverPhoneNumber":"+4520123456"}',
    });
    if (response.status !== 200) throw new Error(await response.text());
    calls += 1;
    messages += 1;
  };
  const usage = async (): Promise<Usage> => {
    const { items } = await ask<{ items: Usage[] }>(
      'GET',
      '/v1/usage?granularity=quarter&groupBy=integration&integrationId=isv_a',
    );
    return items[0] ?? { calls: 0, calls429: 0, sms: 0 };
  };
  const waiting = async () =>
    (
      await ((await fetch(`${api}/emitter`)).json() as Promise<{
        waiting: { diskEvents: number; memoryEvents: number };
      }>)
    ).waiting;
  const counted = () => until(usage, (seen) => seen.calls >= calls && seen.sms >= messages);
  const restrict = (more: object) =>
    ask<{ restrictionId: string }>('POST', '/v1/restrictions', {
      integrationId: 'isv_a',
      scope: 'agreements',
      organizationIds: ['1'],
      limitPerMinute: null,
      capability: 'all',
      reasonCode: 'load',
      clause: 'Fair use',
      note: { da: 'For mange kald.', en: 'Too many calls.' },
      endCondition: { da: 'Når der er færre kald.', en: 'When there are fewer.' },
      reason: 'belastning',
      ...more,
    });
  /** How long after the command was answered agreement 1 is first answered with this status. */
  const msUntil = async (status: number): Promise<number> => {
    const startMs = performance.now();
    while ((await call('1')) !== status) {
      if (performance.now() - startMs > 10_000) throw new Error(`never ${status}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return performance.now() - startMs;
  };

  beforeAll(async () => {
    const port = await freePort();
    env = {
      PORT: String(port),
      TAXAMETER_URL: `http://127.0.0.1:${port}`,
      EMITTER_DIR: join(base, 'emitter'),
    };
    await startTaxameter();
    await ask('PUT', '/v1/partners/par_a', { name: 'A' });
    const integration = { name: 'A', kind: 'public', partnerId: 'par_a', from: '2026-01-01T00:00:00Z' };
    await ask('PUT', '/v1/integrations/isv_a', integration);
    for (const id of ['1', '2']) await ask('PUT', `/v1/integrations/isv_a/agreements/${id}`, { name: id });
    for (const role of ['ingest', 'gateway']) {
      const { token } = await ask<{ token: string }>('POST', '/v1/tokens', { role, name: 'example' });
      env[`${role.toUpperCase()}_TOKEN`] = token;
    }
    api = (await startExample()).address;
  }, 120_000);

  afterAll(async () => {
    for (const { child } of running) child.kill('SIGTERM');
    await Promise.all(running.map(({ finished }) => finished));
    rmSync(base, { recursive: true, force: true });
  });

  it('refuses a restricted agreement within a second, lets another go on, and opens when the time is over', async () => {
    expect([await call('1'), await call('2')]).toEqual([200, 200]);
    const { restrictionId } = await restrict({ mode: 'throttle', limitPerMinute: 1 });
    expect(await msUntil(429)).toBeLessThan(1_000);
    expect(await call('2')).toBe(200);
    await ask('POST', `/v1/restrictions/${restrictionId}/lift`, { reason: 'rettet' });
    expect(await msUntil(200)).toBeLessThan(1_000);

    const until = new Date(Date.now() + 3_000).toISOString();
    await restrict({ mode: 'block', until });
    expect(await msUntil(403)).toBeLessThan(1_000);
    expect(await call('2')).toBe(200);
    await msUntil(200);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until));
  });

  it('is counted to the call and the SMS, over a door that is away and a kill -9', async () => {
    await counted();
    const taxameterProcess = running[0]!;
    taxameterProcess.child.kill('SIGTERM');
    await taxameterProcess.finished;
    for (let number = 0; number < 25; number += 1) await call('2');
    await until(waiting, ({ memoryEvents }) => memoryEvents === 0);
    const exampleProcess = running[1]!;
    for (let number = 0; number < 5; number += 1) await sendSms();
    // The calls that sent them are written within a quarter of a second; the SMS themselves are on disk already.
    await until(waiting, ({ memoryEvents }) => memoryEvents === 0);
    exampleProcess.child.kill('SIGKILL');
    await exampleProcess.finished;

    api = (await startExample()).address;
    expect((await waiting()).diskEvents).toBeGreaterThanOrEqual(35);
    for (let number = 0; number < 5; number += 1) await call('1');
    await startTaxameter();
    await counted();
    // Nothing comes after it, and nothing was counted twice.
    await until(waiting, ({ diskEvents, memoryEvents }) => diskEvents + memoryEvents === 0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await usage()).toMatchObject({ calls, sms: messages });
  });
});
