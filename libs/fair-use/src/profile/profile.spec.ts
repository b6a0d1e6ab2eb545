import { Controller, Module } from '@nestjs/common';
import { TOPICS, usageProfiled, type UsageProfile, type UsageProfiledEvent } from '@taxameter/contracts';
import { OnEvents, type EventBatch } from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { callsInMinute, encode, fairUseRoom, NOW, send } from '../fair-use.testing.js';
import { dateOf, profileWindow } from './profile-window.js';

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

describe('the days of a profile', () => {
  it('are fourteen, and the last one is over by an hour of the newest call', () => {
    const late = profileWindow(new Date('2026-10-05T01:00:00Z'));
    expect([dateOf(late.day), late.toMinute - late.fromMinute]).toEqual(['2026-10-04', 14 * 1440]);
    expect(late.toMinute * 60_000).toBe(Date.parse('2026-10-05T00:00:00Z'));
    expect(dateOf(profileWindow(new Date('2026-10-05T00:59:59.999Z')).day)).toBe('2026-10-03');
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
});
