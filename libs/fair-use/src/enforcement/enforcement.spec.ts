import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Module } from '@nestjs/common';
import {
  integrationStatusChanged,
  restrictionObserved,
  TOPICS,
  type ApiCallEvent,
  type IntegrationStatus,
  type RestrictionObserved,
  type RestrictionObservedEvent,
} from '@taxameter/contracts';
import { OnEvents, type EventBatch, type ReceivedEvent } from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { encode, fairUseRoom, recordsOf } from '../fair-use.testing.js';
import { callAt } from '../signals/signals.testing.js';
import { countLeaks } from './count-leaks.service.js';
import { GRACE_MS, SETTLING_MS } from './watch.js';

const heard: RestrictionObserved[] = [];

@Controller()
class ListenerConsumer {
  @OnEvents('listener', TOPICS.restrictionsObserved, [restrictionObserved])
  async observations({ events }: EventBatch<RestrictionObservedEvent>): Promise<void> {
    heard.push(...events.map(({ event }) => event.data));
  }
}

@Module({ controllers: [ListenerConsumer] })
class ListenerModule {}

let rooms: TestRooms;

/** Well before the log takes the calls in, so that their append time is no hindrance. */
const FROM = Date.now() - 600_000;
const SINCE = FROM + GRACE_MS;
const iso = (ms: number) => new Date(ms).toISOString();

beforeAll(async () => {
  const listener = { name: 'listener', module: ListenerModule, schema: { migrations: [] } };
  rooms = await startTestRooms([fairUseRoom, listener], { now: iso(Date.now()) });
});

afterAll(() => rooms.stop());

const block = (restrictionId: string): IntegrationStatus['restrictions'][number] => ({
  restrictionId,
  scope: 'agreements',
  organizationIds: ['1'],
  mode: 'block',
  limitPerMinute: null,
  capability: 'all',
  reasonCode: 'load',
  clause: 'Fair use',
  note: { da: 'x', en: 'x' },
  endCondition: { da: 'x', en: 'x' },
  from: iso(FROM),
  until: null,
});

async function publish(...status: Parameters<typeof appendStatus>) {
  await appendStatus(...status);
  await rooms.settle();
}

async function appendStatus(integrationId: string, version: number, ms: number, restrictions: unknown[]) {
  const status = [{ status: 'active', from: iso(0) }];
  const event = {
    specversion: '1.0',
    id: `${integrationId}/${version}`,
    source: '/taxameter/partners',
    type: integrationStatusChanged.type,
    time: iso(ms),
    data: { integrationId, version, revision: version, status, restrictions },
  };
  await rooms.producer.append([
    {
      topic: TOPICS.integrationStatus.name,
      partition: 0,
      key: integrationId,
      headers: { 'content-type': 'application/cloudevents+json' },
      value: encode(event),
    },
  ]);
}

async function call(integrationId: string, ms: number, isRefused: boolean, organizationId = '1') {
  const answer = isRefused ? ({ enforced: 'block', status: 403 } as const) : {};
  await rooms.producer.append(recordsOf([callAt(iso(ms), { integrationId, organizationId, ...answer })], 1));
  await rooms.settle();
}

const newest = (restrictionId: string) => heard.filter((fact) => fact.restrictionId === restrictionId).at(-1);

describe('a block that gateways were told of', () => {
  it('is told to let nothing through while its calls are refused, and another agreement goes on', async () => {
    await publish('isv_ok', 1, FROM, [block('rst_ok')]);
    expect(newest('rst_ok')).toMatchObject({
      since: iso(SINCE),
      refused: 0,
      letThrough: 0,
      lastCallAt: null,
    });
    await call('isv_ok', SINCE + 1_000, true);
    await call('isv_ok', SINCE + 2_000, false, '2');
    await call('isv_ok', FROM + 2_000, false);
    expect(newest('rst_ok')).toMatchObject({ version: 2, refused: 1, letThrough: 0 });
  });

  it('is told to leak when a call of the restricted agreement is answered, once, also when the event comes twice', async () => {
    await publish('isv_leak', 1, FROM, [block('rst_leak')]);
    const event = callAt(iso(SINCE + 1_000), { integrationId: 'isv_leak', organizationId: '1' });
    await rooms.producer.append([...recordsOf([event], 1), ...recordsOf([event], 1)]);
    await rooms.settle();
    // The log took it in minutes after it began, so a lift would be known by now.
    expect(Date.now() - (SINCE + 1_000)).toBeGreaterThan(SETTLING_MS + 1_000);
    await untilTrue(() => newest('rst_leak')?.letThrough === 1);
    expect(newest('rst_leak')).toMatchObject({
      firstLetThroughAt: iso(Math.floor((SINCE + 1_000) / 1_000) * 1_000),
    });
  });

  it('is over when it is not in the record any more, and calls after that are allowed', async () => {
    await publish('isv_lift', 1, FROM, [block('rst_lift')]);
    await publish('isv_lift', 2, SINCE + 60_000, []);
    expect(newest('rst_lift')).toMatchObject({ until: iso(SINCE + 60_000), letThrough: 0 });
    await call('isv_lift', SINCE + 60_000, false);
    expect(await kept('rst_lift')).toEqual({ let_through: 0, pending: [] });
  });

  it('does not leak by a call after a lift that commits while the call is read', async () => {
    await publish('isv_race', 1, FROM, [block('rst_race')]);
    const lifting = database().createQueryRunner();
    await lifting.startTransaction();
    try {
      const liftedMs = SINCE + 30_000;
      const [lifter] = (await lifting.query('select pg_backend_pid() as pid')) as [{ pid: number }];
      await lifting.query("update enforcement_watch set until_ms = $1 where restriction_id = 'rst_race'", [
        liftedMs,
      ]);
      const time = new Date(liftedMs + 1_000);
      const event = callAt(time.toISOString(), { integrationId: 'isv_race', organizationId: '1' });
      const received = { event, time, appendedAt: time } as unknown as ReceivedEvent<ApiCallEvent>;
      const reading = database().transaction((tx) => countLeaks({ tx, events: [received] }));
      await untilTrue(async () => {
        const waits = await database().query<unknown[]>(
          'select from pg_locks where not granted and $1 = any(pg_blocking_pids(pid))',
          [lifter.pid],
        );
        return waits.length > 0;
      });
      await lifting.commitTransaction();
      await reading;
    } finally {
      await lifting.release();
    }
    expect(await kept('rst_race')).toEqual({ let_through: 0, pending: [] });
  });

  it('waits for the lift while what gateways are told is not read, and leaks when no call comes after it', async () => {
    const nowMs = rooms.clock.now().getTime();
    await publish('isv_slow', 1, FROM, [block('rst_slow')]);
    await rooms.producer.append(recordsOf([leakAt(nowMs - 6_000), leakAt(nowMs - 2_000)], 2));
    await rooms.settle();
    expect((await kept('rst_slow')).pending).toHaveLength(2);
    const holding = database().createQueryRunner();
    await holding.startTransaction();
    await holding.query('select from consumer_position where topic = $1 for update', [
      TOPICS.integrationStatus.name,
    ]);
    try {
      await appendStatus('isv_slow', 2, nowMs - 4_000, []);
      // As the calls of others do.
      await database().query("update watermark set appended_at = appended_at + interval '60 seconds'");
      await sleep(2_500);
      expect(await kept('rst_slow')).toMatchObject({ let_through: 0 });
    } finally {
      await holding.rollbackTransaction();
      await holding.release();
    }
    await rooms.settle();
    expect(await kept('rst_slow')).toEqual({ let_through: 1, pending: [] });
    await publish('isv_slow', 3, FROM, [block('rst_last')]);
    await rooms.producer.append(recordsOf([leakAt(nowMs - 1_000)], 1));
    await untilTrue(() => newest('rst_last')?.letThrough === 1);
  });
});

const leakAt = (ms: number) => callAt(iso(ms), { integrationId: 'isv_slow', organizationId: '1' });

async function untilTrue(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await isSo()) return;
    await sleep(50);
  }
  throw new Error('it did not become true within ten seconds');
}

const database = () => rooms.databases.get('fair-use')!;

async function kept(restrictionId: string): Promise<{ let_through: number; pending: unknown[] }> {
  const rows = await database().query<[{ let_through: number; pending: unknown[] }]>(
    'select let_through, pending from enforcement_watch where restriction_id = $1',
    [restrictionId],
  );
  return rows[0];
}
