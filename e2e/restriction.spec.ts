import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openRoom } from '@taxameter/platform';
import { createTestDatabase, type TestDatabase } from '@taxameter/platform/testing';
import type { DataSource } from 'typeorm';
import { taxameter, temporaryFolder, type Running } from './command-line.js';

/**
 * A restriction across processes: the process that takes the command is killed with -9, before the command has committed, or after it
 * and before gateways and other rooms were told. Nothing may be lost, half done or done twice.
 */

interface Answer {
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are looked into freely by specs
  readonly body: any;
}

interface Step {
  readonly action: string;
  readonly reason: string | null;
  readonly actor: { readonly id: string | null; readonly role: string };
}

const WAIT_MS = 20_000;

describe('a restriction', () => {
  let folder: string;
  let database: TestDatabase;
  let room: DataSource;
  let running: Running;
  let address: string;
  /** It lives longer than the process, which gives its own commands a new one at each start. */
  let opsToken: string;

  const env = () => ({ DATABASE_URL: database.url, DATA_DIR: folder, PORT: '0' });

  const start = async () => {
    running = taxameter(['start'], env());
    address = /http:\/\/127\.0\.0\.1:\d+/.exec(await running.shows(/#setup=/))![0];
  };

  const kill = async () => {
    running.child.kill('SIGKILL');
    await running.finished;
  };

  const call = async (method: string, path: string, body?: object, key?: string): Promise<Answer> => {
    const response = await fetch(address + path, {
      method,
      headers: {
        authorization: `Bearer ${opsToken}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
  };

  const until = async (holds: () => Promise<boolean>) => {
    const deadline = Date.now() + WAIT_MS;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(`did not become true: ${holds.toString()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  const wanted = (integrationId: string, more: object = {}) => ({
    integrationId,
    scope: 'agreements',
    organizationIds: ['148383'],
    mode: 'block',
    reasonCode: 'load',
    clause: 'Fair use',
    note: { da: 'Spærret.', en: 'Blocked.' },
    endCondition: { da: 'Når fejlen er rettet.', en: 'When the fault is mended.' },
    reason: 'sløjfe',
    ...more,
  });

  const integration = async (id: string) => {
    await call('PUT', `/v1/integrations/${id}`, { name: id, kind: 'public', partnerId: 'par_a' });
    await call('PUT', `/v1/integrations/${id}/agreements/148383`, { name: 'Kunde' });
  };

  const enforced = async (integrationId: string): Promise<string[]> => {
    const { body } = await call('GET', '/v1/enforcement');
    const records = body.integrations as {
      integrationId: string;
      restrictions: { restrictionId: string }[];
    }[];
    const record = records.find((known) => known.integrationId === integrationId);
    return record?.restrictions.map(({ restrictionId }) => restrictionId) ?? [];
  };

  /** Fair-use has heard of it by the topic and told of it, and partners has heard that: the whole circle. */
  const isObserved = async (restrictionId: string) =>
    (await call('GET', `/v1/restrictions/${restrictionId}/effect`)).body.observed !== null;

  const timeline = async (integrationId: string): Promise<Step[]> =>
    (await call('GET', `/v1/integrations/${integrationId}/timeline`)).body.items.reverse();

  beforeAll(async () => {
    folder = temporaryFolder('restriction');
    database = await createTestDatabase();
    await start();
    const { token } = JSON.parse(readFileSync(join(folder, 'local-access.json'), 'utf8')) as {
      token: string;
    };
    opsToken = token;
    opsToken = (await call('POST', '/v1/tokens', { role: 'ops', name: 'vagten' })).body.token;
    room = await openRoom(database.url, { name: 'partners', migrations: [] });
    await call('PUT', '/v1/partners/par_a', { name: 'Eksempel ApS' });
  });

  afterAll(async () => {
    await kill();
    await room?.destroy();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('that was answered is known to gateways and other rooms, although the process was killed before it told them', async () => {
    const integrationId = 'isv_answered';
    await integration(integrationId);
    let isBetween = false;
    const made: string[] = [];
    // The relay may be faster than the kill: once it must not be.
    for (let round = 0; round < 5 && !isBetween; round += 1) {
      const { status, body } = await call('POST', '/v1/restrictions', wanted(integrationId));
      await kill();
      expect(status).toBe(201);
      made.push(body.restrictionId);
      const waiting = await room.query<{ key: string }[]>(
        "select key from outbox where topic = 'integrations.status.v1' and key = $1",
        [integrationId],
      );
      isBetween = waiting.length > 0;
      await start();
      expect(await enforced(integrationId)).toEqual(made);
    }
    expect(isBetween).toBe(true);
    for (const restrictionId of made) await until(() => isObserved(restrictionId));
  });

  it('that was not answered is done once when it is sent again, wherever the process was killed', async () => {
    const integrationId = 'isv_repeated';
    await integration(integrationId);
    for (const afterMs of [0, 4, 12]) {
      const before = (await enforced(integrationId)).length;
      const body = wanted(integrationId);
      const key = `restrict-${afterMs}`;
      const lost = call('POST', '/v1/restrictions', body, key).catch(() => null);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await kill();
      await lost;
      await start();
      const between = (await enforced(integrationId)).length - before;
      expect([0, 1]).toContain(between);
      const repeated = await call('POST', '/v1/restrictions', body, key);
      expect(repeated.status).toBe(201);
      const now = await enforced(integrationId);
      expect(now).toHaveLength(before + 1);
      expect(now).toContain(repeated.body.restrictionId);
    }
    const created = (await timeline(integrationId)).filter(({ action }) => action === 'restriction_created');
    expect(created).toHaveLength(3);
  });

  it('ends by itself, and the integration is deactivated and reactivated, each step on the timeline with who and why', async () => {
    const integrationId = 'isv_steps';
    await integration(integrationId);
    const end = new Date(Date.now() + 1_500).toISOString();
    await call('POST', '/v1/restrictions', wanted(integrationId, { until: end }));
    const path = `/v1/integrations/${integrationId}`;
    expect((await call('POST', `${path}/deactivate`, { reason: 'misbrug' })).status).toBe(200);
    await kill();
    await start();
    expect((await call('POST', `${path}/reactivate`, { reason: 'aftalt på møde' })).status).toBe(200);
    await until(async () => (await timeline(integrationId)).length === 5);
    const steps = await timeline(integrationId);
    expect(steps.map(({ action }) => action).sort()).toEqual([
      'integration_created',
      'integration_deactivated',
      'integration_reactivated',
      'restriction_created',
      'restriction_expired',
    ]);
    const step = (action: string) => steps.find((candidate) => candidate.action === action)!;
    const ops = { id: expect.stringMatching(/^tok_/), role: 'ops' };
    expect(step('restriction_created')).toMatchObject({ reason: 'sløjfe', actor: ops });
    expect(step('integration_deactivated')).toMatchObject({ reason: 'misbrug', actor: ops });
    expect(step('integration_reactivated')).toMatchObject({ reason: 'aftalt på møde', actor: ops });
    expect(step('restriction_expired')).toMatchObject({ actor: { role: 'system' } });
    expect(await enforced(integrationId)).toEqual([]);
  });
});
