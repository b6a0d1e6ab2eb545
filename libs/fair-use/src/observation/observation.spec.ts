import { Controller, Module } from '@nestjs/common';
import {
  agreementObserved,
  integrationObserved,
  TOPICS,
  type AgreementObservedEvent,
  type IntegrationObservedEvent,
} from '@taxameter/contracts';
import { OnEvents, type EventBatch, type Room } from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { fairUseRoom, NOW, recordsOf } from '../fair-use.testing.js';
import { defaultPolicy } from '../policy/default-policy.js';
import { callAt } from '../signals/signals.testing.js';
import { observationsOf } from './observe.js';

const AT = '2026-10-05T07:00:00.000Z';
const dayOf = (...calls: ReturnType<typeof callAt>[]) => observationsOf(calls, defaultPolicy).days[0];

describe('what a call shows', () => {
  it.each([
    ['a plain list call', {}, { calls: 1, tokenCalls: 0, sweeps: 1 }],
    ['a bearer token', { authScheme: 'bearer' }, { tokenCalls: 1, otherAuthCalls: 0 }],
    ['an api key', { authScheme: 'apikey' }, { tokenCalls: 0, otherAuthCalls: 1 }],
    ['changesSince', { query: { page: 0, hasChangesSince: true } }, { sweeps: 1, changesSinceSweeps: 1 }],
    ['no word of the query', { query: null }, { sweeps: 0 }],
    [
      'a later page of the default size',
      { query: { page: 2 } },
      { sweeps: 0, laterPages: 1, smallLaterPages: 1 },
    ],
    ['a later page of 1,000', { query: { page: 2, pageSize: 1000 } }, { laterPages: 1, smallLaterPages: 0 }],
    ['a refusal', { status: 403 }, { clientErrors: 1, forbidden: 1, sweeps: 0 }],
    ['a customer without the plan', { status: 403, errorCode: 48 }, { clientErrors: 0, forbidden: 0 }],
    ['a 429', { status: 429 }, { clientErrors: 0, throttledCalls: 1 }],
    [
      'an SMS',
      { method: 'POST', operation: 'action', route: '/v1/{organizationId}/sms/{voucherGuid}/send-sms' },
      { smsCalls: 1, writeCalls: 1 },
    ],
  ] as const)('%s', (_, call, expected) => {
    expect(dayOf(callAt(AT, call))).toMatchObject(expected);
  });

  it('is nothing where our own restriction or the platform’s fault answered', () => {
    expect(
      dayOf(callAt(AT, { status: 403, enforced: 'block' }), callAt(AT, { status: 503 })),
    ).toBeUndefined();
  });

  it('is an agreement only when it succeeded', () => {
    const { agreements } = observationsOf(
      [callAt(AT, { organizationId: '1', status: 403 }), callAt(AT, { organizationId: '2' })],
      defaultPolicy,
    );
    expect(agreements).toEqual([{ integrationId: 'isv_eksempel', agreementId: '2', firstSeenAt: AT }]);
  });
});

type Fact = IntegrationObservedEvent | AgreementObservedEvent;
const heard: Fact[] = [];

@Controller()
class ListenerConsumer {
  @OnEvents('listener', TOPICS.observations, [integrationObserved, agreementObserved])
  async facts(batch: EventBatch<Fact>): Promise<void> {
    heard.push(...batch.events.map(({ event }) => event));
  }
}

@Module({ controllers: [ListenerConsumer] })
class ListenerModule {}

const listener: Room = { name: 'listener', module: ListenerModule, schema: { migrations: [] } };

describe('the room', () => {
  let rooms: TestRooms;
  beforeAll(async () => {
    rooms = await startTestRooms([fairUseRoom, listener], { now: NOW });
  });
  afterAll(() => rooms.stop());

  type Figures = { readonly version: number; readonly calls?: number };

  /** The newest fact of a key that fulfils the wish; the publisher runs by itself. */
  async function factOf(subject: string, isWanted: (data: Figures) => boolean): Promise<Figures> {
    for (let tries = 0; tries < 200; tries += 1) {
      const found = heard.filter((fact) => fact.subject === subject).at(-1);
      if (found && isWanted(found.data)) return found.data;
      await sleep(50);
    }
    throw new Error(`no such fact of ${subject}: ${JSON.stringify(heard.at(-1))}`);
  }

  const minute = (index: number) => new Date(Date.parse(AT) + index * 60_000).toISOString();

  it('tells figures over calls of several batches, counting a minute with 429 once', async () => {
    const calls = [
      callAt(minute(0), { scopes: ['dineropublicapi:read'], authScheme: 'bearer' }),
      callAt(minute(0), { status: 429, authScheme: 'bearer' }),
      callAt(minute(0), { status: 429, authScheme: 'bearer' }),
      callAt(minute(1), { status: 429, scopes: ['dineropublicapi:write'], authScheme: 'apikey' }),
    ];
    await rooms.producer.append(recordsOf(calls, 1));
    await rooms.settle();
    const more = [0, 1, 2, 3].map(() => callAt(minute(2), { query: { page: 0, hasChangesSince: true } }));
    await rooms.producer.append(recordsOf(more, more.length));
    expect(await factOf('integration|isv_eksempel', ({ calls }) => calls === 8)).toMatchObject({
      calls: 8,
      busiestDayCalls: 8,
      throttledCalls: 3,
      throttledMinutes: 2,
      tokenCalls: 3,
      otherAuthCalls: 1,
      sweeps: 5,
      changesSinceSweeps: 4,
      scopes: ['dineropublicapi:read', 'dineropublicapi:write'],
      windowEnd: '2026-10-06T00:00:00.000Z',
      firstSeenAt: minute(0),
      lastSeenAt: minute(2),
    });
  });

  const keptOf = async (integrationId: string) => {
    const [row] = await rooms.databases.get('fair-use')!.query<unknown[]>(
      `select (select array_agg(day) from observed_day where integration_id = $1) as days,
              (select count(*) from observed_throttled_minute where integration_id = $1) as minutes,
              (select array_agg(scope) from observed_scope where integration_id = $1) as scopes`,
      [integrationId],
    );
    return row;
  };

  it('forgets what lies before the 28 days that it tells of', async () => {
    const integrationId = 'isv_old';
    const throttled = (scope: string) =>
      rooms.producer.append(recordsOf([callAt(AT, { integrationId, status: 429, scopes: [scope] })], 1));
    await throttled('old');
    await factOf(`integration|${integrationId}`, ({ version }) => version === 1);
    const database = rooms.databases.get('fair-use')!;
    await database.query('update observed_day set day = day - 28 where integration_id = $1', [integrationId]);
    await database.query(
      'update observed_throttled_minute set minute = minute - 28 * 1440 where integration_id = $1',
      [integrationId],
    );
    await database.query('update observed_scope set last_day = last_day - 28 where integration_id = $1', [
      integrationId,
    ]);
    await throttled('new');
    await factOf(`integration|${integrationId}`, ({ version }) => version === 2);
    const day = Date.parse('2026-10-05T00:00:00Z') / 86_400_000;
    expect(await keptOf(integrationId)).toEqual({ days: [day], minutes: 1, scopes: ['new'] });
  });

  it('keeps a hundred agreements of a minute with 429, however many organisations are made up', async () => {
    const integrationId = 'isv_made_up';
    const throttled = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) =>
        callAt(AT, { integrationId, status: 429, organizationId: `${from + index}` }),
      );
    for (const calls of [throttled(0, 60), throttled(30, 60), throttled(1_000, 200)]) {
      await rooms.producer.append(recordsOf(calls, calls.length));
      await rooms.settle();
      if (calls[0]!.data.organizationId === '30') {
        expect(await keptOf(integrationId)).toMatchObject({ minutes: 90 });
      }
    }
    expect(await keptOf(integrationId)).toMatchObject({ minutes: 100 });
  });

  it('tells of an agreement once, and again when an earlier call arrives late', async () => {
    const on = (time: string) => callAt(time, { integrationId: 'isv_late', organizationId: '7' });
    const send = (time: string) => rooms.producer.append(recordsOf([on(time)], 1)).then(() => rooms.settle());
    const subject = 'agreement|isv_late|7';
    await send(minute(5));
    expect(await factOf(subject, ({ version }) => version === 1)).toMatchObject({ firstSeenAt: minute(5) });
    await send(minute(6));
    await send(minute(3));
    expect(await factOf(subject, ({ version }) => version > 1)).toEqual({
      integrationId: 'isv_late',
      organizationId: '7',
      version: 2,
      firstSeenAt: minute(3),
    });
  });
});
