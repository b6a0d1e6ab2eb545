import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { fairUseRoom, NOW, send } from '../fair-use.testing.js';
import { newestCase } from '../handling/handling.testing.js';
import { callAt } from '../signals/signals.testing.js';

/** Rules about all agreements of an integration, most of them about whole hours, from the log to the case, and settled by a person. */

let rooms: TestRooms;
/** Other processes on the same database, whose clocks stand later on the same day. */
let later: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: NOW });
  later = await startTestRooms([fairUseRoom], {
    now: '2026-10-05T13:30:00Z',
    databaseUrl: rooms.databaseUrl,
  });
});
afterAll(async () => {
  await later?.stop();
  await rooms?.stop();
});

/** So many calls with an API key within a minute, of two agreements in turn unless one is named. */
const withKeys = (integrationId: string, minute: string, count: number, agreement?: string) =>
  Array.from({ length: count }, (_, index) =>
    callAt(new Date(Date.parse(minute) + index * 400).toISOString(), {
      integrationId,
      organizationId: agreement ?? ['148383', '200001'][index % 2]!,
      operation: 'item',
      authScheme: 'apikey',
    }),
  );
const changesOf = ({ versions }: { versions: { change: string }[] }) => versions.map(({ change }) => change);

describe('a rule about all agreements and whole hours', () => {
  it('opens one case for two agreements, with the hour as its window, and adds what each of them does later', async () => {
    await send(rooms, withKeys('isv_keys', '2026-10-05T05:58:00Z', 40));
    const { read } = await newestCase(rooms, 'isv_keys');
    expect(await read()).toMatchObject({
      ruleId: 'LEGACY_AUTH',
      severity: 'warning',
      scope: { integrationId: 'isv_keys', organizationId: null },
      observed: { value: 40, windowStart: '2026-10-04T06:00:00.000Z', windowEnd: '2026-10-05T06:00:00.000Z' },
      evidence: [
        { windowStart: '2026-10-05T05:00:00.000Z', windowEnd: '2026-10-05T06:00:00.000Z', value: 40 },
      ],
    });
    await send(rooms, withKeys('isv_keys', '2026-10-05T06:01:00Z', 30, '148383'));
    await send(rooms, withKeys('isv_keys', '2026-10-05T07:20:00Z', 30, '200001'));
    expect(await read()).toMatchObject({
      severity: 'error',
      observed: { value: 100, windowEnd: '2026-10-05T08:00:00.000Z' },
      evidence: [{ value: 40 }, { value: 30 }, { value: 30 }],
    });
    const { body } = await rooms.call('ops', 'GET', '/v1/breaches?integrationId=isv_keys');
    expect(body.items).toHaveLength(1);
  });

  it('is settled through the end of the hour that runs, and counts none of it for a later one', async () => {
    await send(rooms, withKeys('isv_done', '2026-10-05T07:30:00Z', 90));
    const { post, read } = await newestCase(rooms, 'isv_done');
    await post('resolve', { reason: 'rettet' });
    // The clock stands at eight, so the hour from eight to nine is the one that is settled.
    expect(await read()).toMatchObject({ state: 'resolved', resolvedThrough: '2026-10-05T08:59:00.000Z' });
    await send(later, withKeys('isv_done', '2026-10-05T08:40:00Z', 20));
    expect(await read()).toMatchObject({ state: 'resolved', severity: 'error', occurrence: 1 });
    await send(later, withKeys('isv_done', '2026-10-05T09:00:00Z', 30));
    expect(await read()).toMatchObject({
      state: 'open',
      severity: 'warning',
      occurrence: 2,
      observed: { value: 30, windowEnd: '2026-10-05T10:00:00.000Z' },
    });
  });

  it('is open again when that is taken back, and is judged over the hour that was settled, by what any agreement did', async () => {
    const withoutScope = (minute: string, count: number, organizationId: string) =>
      withKeys('isv_back', minute, count, organizationId).map((call) => ({
        ...call,
        data: { ...call.data, authScheme: 'bearer' as const, status: 403, errorReason: 'missing_scope' },
      }));
    await send(rooms, withoutScope('2026-10-05T07:30:00Z', 46, '148383'));
    const { post, read } = await newestCase(rooms, 'isv_back');
    expect(await read()).toMatchObject({ ruleId: 'SCOPE_MISMATCH', severity: 'info' });
    await post('resolve', { reason: 'rettet' });
    await send(later, withoutScope('2026-10-05T10:10:00Z', 4, '200001'));
    expect(await read()).toMatchObject({ state: 'resolved', severity: 'info', occurrence: 1 });
    expect((await post('reopen', { reason: 'ikke rettet' })).body).toMatchObject({ state: 'open' });
    await send(later, []);
    expect(await read()).toMatchObject({
      state: 'open',
      severity: 'warning',
      occurrence: 1,
      observed: { value: 50, windowEnd: '2026-10-05T11:00:00.000Z' },
    });
    expect(changesOf(await read())).toEqual(['opened', 'resolved', 'reopened', 'escalated']);
  });

  it('takes a share of the hour when all of it is closed, not when a minute within it is', async () => {
    const sms = (minute: string, count: number, status: number, organizationId: string) =>
      withKeys('isv_sms', minute, count, organizationId).map((call) => ({
        ...call,
        data: {
          ...call.data,
          ...{ method: 'POST' as const, operation: 'action' as const, authScheme: 'bearer' as const, status },
          route: '/v1/{organizationId}/sms/{voucherGuid}/send-sms',
        },
      }));
    const casesOfSms = async () =>
      (await rooms.call('ops', 'GET', '/v1/breaches?integrationId=isv_sms&ruleId=SMS_INVALID')).body.items;
    const nextCall = (time: string) => send(later, [callAt(time, { integrationId: 'isv_clock' })]);
    // Enough refused calls that a minute within the hour waits, too.
    await send(later, sms('2026-10-05T12:00:00Z', 30, 400, '148383'));
    await nextCall('2026-10-05T12:10:00Z');
    await nextCall('2026-10-05T12:20:00Z');
    expect(await casesOfSms()).toEqual([]);
    await send(later, sms('2026-10-05T12:25:00Z', 70, 201, '200001'));
    await nextCall('2026-10-05T13:02:00Z');
    await send(later, []);
    expect(await casesOfSms()).toMatchObject([{ severity: 'error', observed: { value: 30 } }]);
  });

  it('is held to limits that grow with the agreements on which calls were served in the week before', async () => {
    const served = Array.from({ length: 12 }, (_, index) =>
      callAt('2026-10-03T12:00:00.000Z', { integrationId: 'isv_many', organizationId: `${index}` }),
    );
    const refused = (minute: string, count: number) =>
      withKeys('isv_many', minute, count, '0').map((call) => ({
        ...call,
        data: { ...call.data, authScheme: 'bearer' as const, status: 401 },
      }));
    const casesOfMany = async () =>
      (await rooms.call('ops', 'GET', '/v1/breaches?integrationId=isv_many&ruleId=AUTH_FAILURES')).body.items;
    await send(later, [...served, ...refused('2026-10-05T13:01:00Z', 30)]);
    await send(later, [callAt('2026-10-05T13:05:00Z', { integrationId: 'isv_clock' })]);
    await send(later, []);
    expect(await casesOfMany()).toEqual([]);
    await send(later, refused('2026-10-05T13:06:00Z', 1));
    await send(later, [callAt('2026-10-05T13:10:00Z', { integrationId: 'isv_clock' })]);
    await send(later, []);
    expect(await casesOfMany()).toMatchObject([{ severity: 'info', observed: { value: 30 }, threshold: 30 }]);
  });
});
