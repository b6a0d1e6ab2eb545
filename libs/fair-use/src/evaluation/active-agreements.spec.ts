import type { ApiCallEvent } from '@taxameter/contracts';
import type { EventBatch } from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import type { EntityManager } from 'typeorm';
import { fairUseRoom, NOW } from '../fair-use.testing.js';
import { defaultPolicy } from '../policy/default-policy.js';
import { minuteOf } from '../signals/minute.js';
import { signalsOf } from '../signals/signals.js';
import { callAt } from '../signals/signals.testing.js';
import { storeSignals } from '../signals/store-signals.service.js';
import { countActiveAgreements } from './active-agreements.service.js';
import { activeIn } from './judge.testing.js';

let rooms: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: NOW });
});
afterAll(async () => {
  await rooms?.stop();
});

const appendedAt = new Date(NOW);
const newestAppends = { get: () => appendedAt } as unknown as ReadonlyMap<string, Date>;
const batchOf = (tx: EntityManager, calls: readonly ApiCallEvent[]) => {
  const events = calls.map((event) => ({ event, time: new Date(event.time), appendedAt }));
  return { tx, topic: 'usage.api-calls.v1', partition: 0, events } as unknown as EventBatch<ApiCallEvent>;
};

it('counts agreements on which a call was served in 168 hours and the hour that runs, up to the minute', async () => {
  const call = (time: string, organizationId: string | null, status = 200) =>
    callAt(time, { integrationId: 'isv_active', organizationId, status, operation: 'item' });
  const calls = [
    call('2026-09-28T06:59:59.999Z', 'too_old'),
    call('2026-09-28T07:00:00.000Z', 'oldest'),
    call('2026-10-05T06:59:59.999Z', 'hour_before'),
    call('2026-10-05T07:10:59.999Z', 'in_the_minute'),
    call('2026-10-05T07:11:00.000Z', 'a_minute_later'),
    call('2026-10-04T07:00:00.000Z', 'only_refused', 403),
    call('2026-10-05T07:01:00.000Z', 'only_refused', 404),
    call('2026-10-05T07:02:00.000Z', 'only_throttled', 429),
    call('2026-10-05T07:03:00.000Z', 'refused_once', 403),
    call('2026-10-01T07:03:00.000Z', 'refused_once'),
    call('2026-10-05T07:04:00.000Z', null),
  ];
  const other = callAt('2026-10-05T07:00:00.000Z', { integrationId: 'isv_other', organizationId: 'other' });
  const minutes = ['2026-10-05T07:10:00Z', '2026-10-05T07:11:00Z', '2026-10-05T08:00:00Z'].map(minuteOf);
  const counted = await rooms.databases.get('fair-use')!.transaction(async (tx) => {
    // Not by the log, which takes no calls that are older than seven days.
    await storeSignals(
      batchOf(tx, [...calls, other]),
      signalsOf([...calls, other], defaultPolicy),
      newestAppends,
    );
    return countActiveAgreements(tx, 'isv_active', minutes);
  });
  expect(minutes.map((minute) => counted.get(minute))).toEqual([4, 5, 4]);
  expect(counted).toEqual(activeIn(signalsOf(calls, defaultPolicy), minutes));
});
