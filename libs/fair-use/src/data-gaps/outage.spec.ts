import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiCallEvent } from '@taxameter/contracts';
import { sampleSms } from '@taxameter/contracts/testing';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { callsInMinute, casesOf, fairUseRoom, judged, recordsOf, smsRecordsOf } from '../fair-use.testing.js';

const START = Date.parse('2026-10-05T03:00:00Z');
const at = (minute: number) => new Date(START + minute * 60_000).toISOString();
const OUTAGE_FROM = 40;
const OUTAGE_TO = OUTAGE_FROM + 130;
const HEARD = ['/gateway/test', '/sms-service/a'];

let rooms: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: at(0) });
});
afterAll(async () => {
  await rooms?.stop();
});

/** 20 calls a minute by one, 75 by another in five minutes at the beginning and five at the end of the outage; an SMS. */
function usageOf(minute: number): ApiCallEvent[] {
  const isWild = (from: number) => minute >= from && minute < from + 5;
  return [
    ...callsInMinute('calm', at(minute), 20),
    ...(isWild(OUTAGE_FROM) ? callsInMinute('wild_at_first', at(minute), 75) : []),
    ...(isWild(OUTAGE_TO - 10) ? callsInMinute('wild_at_last', at(minute), 75) : []),
  ];
}

async function append(minutes: readonly number[]): Promise<void> {
  const sms = minutes.map((minute) => sampleSms(`sms-${minute}`, at(minute), { integrationId: 'calm' }));
  for (const minute of minutes) await rooms.producer.append(recordsOf(usageOf(minute), 100));
  await rooms.producer.append(smsRecordsOf(sms, 1));
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

async function gapsWhen(state: 'open' | 'resolved', count: number) {
  for (let tries = 0; tries < 200; tries += 1) {
    const { body } = await rooms.call('ops', 'GET', `/v1/fair-use/data-gaps?state=${state}`);
    if (body.items.length === count) return body.items;
    await sleep(50);
  }
  throw new Error(`there are not ${count} gaps that are ${state}`);
}

it('finds no burst when what two hours of outage held back comes in five minutes, and tells of the gap (case 34)', async () => {
  for (const minute of range(0, OUTAGE_FROM)) {
    rooms.moveClock(at(minute + 1));
    await append([minute]);
  }
  await judged(rooms);

  rooms.moveClock(at(OUTAGE_FROM + 10));
  const open = await gapsWhen('open', 2);
  expect(open.map(({ source }: { source: string }) => source).sort()).toEqual(HEARD);
  for (const gap of open) {
    expect(gap).toMatchObject({ silentSince: new Date(at(OUTAGE_FROM)).toISOString(), resolvedAt: null });
  }

  for (const step of range(0, 5)) {
    rooms.moveClock(at(OUTAGE_TO + step));
    await append(range(OUTAGE_FROM + step * 26, OUTAGE_FROM + (step + 1) * 26));
  }
  rooms.moveClock(at(OUTAGE_TO + 5));
  await judged(rooms);

  expect(await casesOf(rooms, 'calm')).toEqual([]);
  expect(await casesOf(rooms, 'wild_at_first')).toMatchObject([
    { ruleId: 'RATE_MINUTE', severity: 'warning', retroactive: true },
  ]);
  expect(await casesOf(rooms, 'wild_at_last')).toMatchObject([
    { ruleId: 'RATE_MINUTE', severity: 'warning', retroactive: false },
  ]);
  for (const gap of await gapsWhen('resolved', 2)) {
    expect(gap).toMatchObject({
      resolution: 'heard-again',
      resolvedAt: new Date(at(OUTAGE_TO)).toISOString(),
      backlogFrom: new Date(at(OUTAGE_FROM)).toISOString(),
    });
  }
  const { body } = await rooms.call('ops', 'GET', '/v1/fair-use/status');
  expect(body).toMatchObject({ dataGaps: 0, dirty: 0 });
}, 60_000);
