import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { sampleApiCall } from '@taxameter/contracts/testing';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { ALL_ROOMS } from '@taxameter/server';

/** A gateway that does not do what it was told: from a call that it answers to the webhook that wakes somebody, through every room. */

const BLOCKED_AT = '2026-10-05T08:00:00.000Z';
/** A minute later gateways have had their time, and what they let through counts. */
const LATER = '2026-10-05T08:01:00.000Z';

interface Told {
  readonly type: string;
  readonly data: { readonly restrictionId: string; readonly letThrough: number; readonly effect: string };
}

describe('a block that leaks', () => {
  const told: Told[] = [];
  let receiver: Server;
  let rooms: TestRooms;
  let later: TestRooms;

  beforeAll(async () => {
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        told.push(JSON.parse(Buffer.concat(chunks).toString()) as Told);
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const settings = { WEBHOOK_ALLOWED_HOSTS: `127.0.0.1:${(receiver.address() as AddressInfo).port}` };
    rooms = await startTestRooms(ALL_ROOMS, { now: BLOCKED_AT, settings });
    later = await startTestRooms(ALL_ROOMS, { now: LATER, settings, databaseUrl: rooms.databaseUrl });
  });

  afterAll(async () => {
    await later?.stop();
    await rooms?.stop();
    receiver.close();
  });

  async function called(id: string, isRefused: boolean) {
    const answer = isRefused ? ({ status: 403, enforced: 'block' } as const) : {};
    const { status } = await later.call('ingest', 'POST', '/v1/events', {
      body: JSON.stringify([sampleApiCall(id, '2026-10-05T08:00:30.000Z', answer)]),
      headers: { 'content-type': 'application/cloudevents-batch+json' },
    });
    expect(status).toBe(202);
    await later.settle();
  }

  async function toldOf(count: number) {
    for (let tries = 0; tries < 300 && told.length < count; tries += 1) await sleep(50);
    return told;
  }

  it('wakes whoever subscribes to alerts once, and tells them when it was lifted', async () => {
    const { port } = receiver.address() as AddressInfo;
    const subscription = { url: `http://127.0.0.1:${port}/`, minSeverity: 'error' };
    await rooms.call('ops', 'POST', '/v1/alerts/subscriptions', { body: subscription });
    await rooms.call('ops', 'PUT', '/v1/partners/par_a', { body: { name: 'Eksempel ApS' } });
    await rooms.call('ops', 'PUT', '/v1/integrations/isv_a', {
      body: { name: 'Lageret', kind: 'public', partnerId: 'par_a' },
    });
    const { body: block, status } = await rooms.call('ops', 'POST', '/v1/restrictions', {
      body: {
        ...{
          integrationId: 'isv_a',
          scope: 'integration',
          mode: 'block',
          reasonCode: 'load',
          clause: 'Fair use',
        },
        note: { da: 'Spærret.', en: 'Blocked.' },
        endCondition: { da: 'Når fejlen er rettet.', en: 'When the fault is mended.' },
        reason: 'sløjfe',
      },
    });
    expect(status).toBe(201);
    await rooms.settle();
    await called('refused', true);
    await called('answered', false);
    expect(await toldOf(1)).toMatchObject([
      {
        type: 'restriction.leak.opened',
        data: {
          restrictionId: block.restrictionId,
          letThrough: 1,
          effect: `/v1/restrictions/${block.restrictionId}/effect`,
        },
      },
    ]);
    await called('answered-too', false);
    const effect = await rooms.call('ops', 'GET', told[0]!.data.effect);
    expect(effect.body).toMatchObject({ isLeaking: true });
    const lifted = await later.call('ops', 'POST', `/v1/restrictions/${block.restrictionId}/lift`, {
      body: { reason: 'aftalt' },
    });
    expect(lifted.status).toBe(200);
    await later.settle();
    await toldOf(2);
    await sleep(700);
    expect(told.map(({ type }) => type)).toEqual(['restriction.leak.opened', 'restriction.leak.resolved']);
  });
});
