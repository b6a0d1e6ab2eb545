import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Module } from '@nestjs/common';
import {
  apiCallKey,
  TOPICS,
  usageProfiled,
  type ApiCallEvent,
  type UsageProfile,
  type UsageProfiledEvent,
} from '@taxameter/contracts';
import { createLogger, OnEvents, partitionForKey, type EventBatch } from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { callsInMinute, encode, fairUseRoom, NOW, recordsOf, send } from '../fair-use.testing.js';
import { dateOf, profileWindow, readUpTo } from './profile-window.js';
import { Profiling } from './profiling.service.js';

const heard: UsageProfile[] = [];

@Controller()
class ListenerConsumer {
  @OnEvents('listener', TOPICS.usageProfiles, [usageProfiled])
  async profiles({ events }: EventBatch<UsageProfiledEvent>): Promise<void> {
    heard.push(...events.map(({ event }) => event.data));
  }
}

@Module({ controllers: [ListenerConsumer] })
class ListenerModule {}

let rooms: TestRooms;

beforeAll(async () => {
  const listener = { name: 'listener', module: ListenerModule, schema: { migrations: [] } };
  rooms = await startTestRooms([fairUseRoom, listener], { now: NOW });
});

afterAll(() => rooms.stop());

/** Later than all others; closes the fourth of October. */
const [CALL_EVENT] = callsInMinute('isv_a', '2026-10-05T07:00:00Z', 1) as [ApiCallEvent];
const CALL = CALL_EVENT.data;

/** One round, as another process makes it, and the last day told after it. */
async function profileOnce(): Promise<string> {
  const database = rooms.databases.get('fair-use')!;
  const profiling = new Profiling(database, rooms.system, createLogger('silent'));
  profiling.onApplicationBootstrap();
  await profiling.beforeApplicationShutdown();
  const [told] = await database.query<[{ day: number }]>(
    "select day from profiled where integration_id = 'isv_a'",
  );
  return dateOf(told.day);
}

describe('the days of a profile', () => {
  it('are fourteen, and the last one is over by an hour of the newest call', () => {
    const late = profileWindow(new Date('2026-10-05T01:00:00Z'));
    expect([dateOf(late.day), late.toMinute - late.fromMinute]).toEqual(['2026-10-04', 14 * 1440]);
    expect(late.toMinute * 60_000).toBe(Date.parse('2026-10-05T00:00:00Z'));
    expect(dateOf(profileWindow(new Date('2026-10-05T00:59:59.999Z')).day)).toBe('2026-10-03');
  });
});

describe('how far calls were read', () => {
  const [early, late] = [new Date('2026-10-02T08:00:00Z'), new Date('2026-10-04T12:00:00Z')];
  const newest = new Map([
    [0, early],
    [1, late],
  ]);

  it.each<[string, readonly number[], Date | null]>([
    ['is the newest call where all is read: an idle partition holds nothing back', [], late],
    ['is the newest call of the partition that is behind', [0], early],
    ['is not past what was read, whatever the partition that is behind says', [1], late],
    ['is not known while a partition with records was not read at all', [1, 2], null],
  ])('%s', (_title, unread, expected) => {
    expect(readUpTo(newest, unread)).toEqual(expected);
    expect(readUpTo(new Map(), unread)).toBeNull();
  });
});

describe('a profile', () => {
  it('tells the median of busy minutes and the calls a day of each owned integration, once a day', async () => {
    const of = (minute: string, count: number, organizationId: string) =>
      callsInMinute('isv_a', `2026-10-${minute}:00Z`, count).map((call) => ({
        ...call,
        data: { ...call.data, organizationId },
      }));
    const owned = {
      specversion: '1.0',
      id: 'isv_a/1',
      source: '/taxameter/partners',
      type: 'dk.dinero.partners.integration_changed.v1',
      time: '2026-07-01T00:00:00Z',
      data: {
        integrationId: 'isv_a',
        version: 1,
        name: 'A',
        kind: 'public',
        ownership: [{ partnerId: 'par_a', from: '2026-01-01T00:00:00Z' }],
        status: [{ status: 'active', from: '2026-01-01T00:00:00Z', reason: null }],
      },
    };
    await rooms.producer.append([
      {
        topic: TOPICS.partners.name,
        partition: 0,
        key: 'integration|isv_a',
        headers: { 'content-type': 'application/cloudevents+json' },
        value: encode(owned),
      },
    ]);
    await send(rooms, of('02T08:00', 10, '1'));
    await send(rooms, of('02T08:00', 4, '2'));
    await send(rooms, of('03T08:00', 20, '1'));
    await send(rooms, of('03T09:00', 6, '1'));
    await send(rooms, callsInMinute('isv_nobody', '2026-10-03T08:00:00Z', 5));
    // Of the day that is not over: not counted, but it closes the days before.
    await send(rooms, of('04T12:00', 90, '1'));
    const deadline = Date.now() + 15_000;
    while (!heard.some(({ day }) => day === '2026-10-03') && Date.now() < deadline) {
      await new Promise((go) => setTimeout(go, 50));
    }
    expect(heard.filter(({ integrationId }) => integrationId !== 'isv_a')).toEqual([]);
    expect(heard.at(-1)).toEqual({
      integrationId: 'isv_a',
      version: Date.parse('2026-10-03T00:00:00Z') / 86_400_000,
      day: '2026-10-03',
      daysWithCalls: 2,
      callsPerDay: 20,
      callsPerBusyMinute: 14,
      agreementCount: 2,
      callsPerBusyMinuteOfAgreement: 6,
      agreements: [
        { organizationId: '1', callsPerDay: 18, callsPerBusyMinute: 10 },
        { organizationId: '2', callsPerDay: 4, callsPerBusyMinute: 4 },
      ],
    });
    const days = heard.map(({ day }) => day);
    expect(new Set(days).size).toBe(days.length);
  });

  it('waits for a partition that is behind, and is told when that is read', async () => {
    const database = rooms.databases.get('fair-use')!;
    const partition = partitionForKey(
      apiCallKey({ ...CALL, organizationId: '2' }),
      TOPICS.apiCalls.partitions,
    );
    const move = (by: number) =>
      database.query(
        'update consumer_position set next_offset = next_offset + $3 where topic = $1 and partition = $2',
        [TOPICS.apiCalls.name, partition, by],
      );
    await move(-1);
    await rooms.producer.append(recordsOf([{ ...CALL_EVENT, data: { ...CALL, organizationId: '1' } }], 1));
    const marks = 'select from watermark where event_time >= $1';
    while ((await database.query<unknown[]>(marks, [CALL_EVENT.time])).length === 0) await sleep(25);
    expect(await profileOnce()).toBe('2026-10-03');
    await move(1);
    expect(await profileOnce()).toBe('2026-10-04');
  });
});
