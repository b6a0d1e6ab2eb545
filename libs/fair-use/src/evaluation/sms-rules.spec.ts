import { sampleSms } from '@taxameter/contracts/testing';
import { TOPICS } from '@taxameter/contracts';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { callsInMinute, casesOf, fairUseRoom, NOW, send, sendSms } from '../fair-use.testing.js';
import { callAt } from '../signals/signals.testing.js';

let rooms: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: NOW });
});
afterAll(async () => {
  await rooms?.stop();
});

let sequence = 0;
const sms = (integrationId: string, time: string, data: Parameters<typeof sampleSms>[2] = {}) => {
  sequence += 1;
  return sampleSms(`sms-${sequence}`, time, { integrationId, ...data });
};
const many = (integrationId: string, hour: string, count: number) =>
  Array.from({ length: count }, (_, index) =>
    sms(integrationId, new Date(Date.parse(hour) + index * 1_000).toISOString(), {
      organizationId: String(index % 7),
    }),
  );
/** All calls and SMS up to here are read, so all minutes two before it are closed. */
const closeUpTo = (time: string) => send(rooms, [callAt(time, { integrationId: 'somebody_else' })]);

describe('rules about SMS, from the topic to the case', () => {
  it('open one case for all agreements of who sends to other countries, at once', async () => {
    await sendSms(rooms, [
      sms('abroad', '2026-10-05T05:10:00Z', { recipientCountry: 'SE', organizationId: '1' }),
      sms('abroad', '2026-10-05T06:20:00Z', { recipientCountry: 'DK', organizationId: '2' }),
      sms('abroad', '2026-10-05T06:30:00Z', { recipientCountry: 'FO', organizationId: null }),
      sms('abroad', '2026-10-05T06:31:00Z', { recipientCountry: 'SE', testMode: true }),
    ]);
    const cases = await casesOf(rooms, 'abroad');
    expect(cases).toMatchObject([
      { ruleId: 'SMS_FOREIGN', severity: 'warning', observed: { value: 1 }, peak: { value: 2 } },
    ]);
    expect(cases[0]!.scope.organizationId).toBeNull();
  });

  it('count a message once, however often it is told', async () => {
    const one = sms('told_often', '2026-10-05T06:50:00Z', {
      voucherGuid: '1bae9d36-27fd-46f8-a9d4-a63ebd3ca953',
    });
    for (let times = 0; times < 4; times += 1) await sendSms(rooms, [one]);
    expect(await casesOf(rooms, 'told_often')).toEqual([]);
    const again = ['06:53', '06:56'].map((time) => sms('told_often', `2026-10-05T${time}:00Z`, one.data));
    await sendSms(
      rooms,
      again.map((event) => ({ ...event, data: { ...event.data, messageId: event.id } })),
    );
    expect(await casesOf(rooms, 'told_often')).toMatchObject([
      { ruleId: 'SMS_REPEAT', severity: 'warning', observed: { value: 3, unit: 'times the same SMS' } },
    ]);
  });

  it('judge an hour when it is closed, against what was usual at that hour', async () => {
    for (const day of ['2026-09-29', '2026-10-02']) {
      await sendSms(rooms, many('used_to_it', `${day}T06:00:00Z`, 150));
    }
    await sendSms(rooms, many('used_to_it', '2026-10-05T06:00:00Z', 450));
    await sendSms(rooms, many('not_used_to_it', '2026-10-05T06:00:00Z', 450));
    await closeUpTo('2026-10-05T07:01:59.999Z');
    expect(await casesOf(rooms, 'not_used_to_it')).toEqual([]);
    await closeUpTo('2026-10-05T07:02:00.000Z');
    expect(await casesOf(rooms, 'not_used_to_it')).toMatchObject([
      { ruleId: 'SMS_SPIKE', severity: 'warning', observed: { value: 450 }, threshold: 201 },
    ]);
    expect(await casesOf(rooms, 'used_to_it')).toEqual([]);
  });

  it('do not stand apart: minutes of calls are closed by SMS that are read, too', async () => {
    const refused = callsInMinute('refused', '2026-10-05T07:55:00Z', 120).map((call) => ({
      ...call,
      data: { ...call.data, status: 404 },
    }));
    await send(rooms, refused);
    expect(await casesOf(rooms, 'refused')).not.toMatchObject([{ ruleId: 'ERROR_RATIO_4XX' }]);
    await sendSms(rooms, [sms('somebody_else', '2026-10-05T07:58:00Z')]);
    expect((await casesOf(rooms, 'refused')).map(({ ruleId }) => ruleId)).toContain('ERROR_RATIO_4XX');
    const { body } = await rooms.call('ops', 'GET', '/v1/fair-use/status');
    const topics = body.watermarks.map(({ topic }: { topic: string }) => topic);
    expect(new Set(topics)).toEqual(new Set([TOPICS.apiCalls.name, TOPICS.smsSent.name]));
  });
});
