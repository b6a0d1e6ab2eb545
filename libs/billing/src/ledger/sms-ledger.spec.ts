import { TOPICS, smsTotalsChanged } from '@taxameter/contracts';
import { STRUCTURED_CONTENT_TYPE } from '@taxameter/platform';
import { startTestRooms } from '@taxameter/platform/testing';
import type { TestRooms } from '@taxameter/platform/testing';
import { BILLING_ROOM, feed, smsRecord } from '../run/billing-room.testing.js';

describe('the SMS ledger', () => {
  let rooms: TestRooms;

  beforeEach(async () => {
    rooms = await startTestRooms([BILLING_ROOM], { now: '2026-10-05T08:00:00Z' });
  });

  afterEach(async () => {
    await rooms.stop();
  });

  const ledger = (quarter: string) =>
    rooms.databases
      .get('billing')!
      .query<{ message_id: string }[]>(
        'select message_id from sms_ledger where quarter = $1 order by message_id',
        [quarter],
      );

  it('puts an SMS into the quarter of its instant, however its time is written', async () => {
    await feed(rooms, [
      smsRecord('last-of-q3', '2026-09-30T21:59:59.999Z'),
      smsRecord('first-of-q4', '2026-09-30T22:00:00.000Z'),
      smsRecord('q4-with-offset', '2026-10-01T00:30:00+02:00'),
      smsRecord('q3-with-offset', '2026-10-01T00:30:00+03:00'),
    ]);
    expect((await ledger('2026-Q3')).map((row) => row.message_id)).toEqual(['last-of-q3', 'q3-with-offset']);
    expect((await ledger('2026-Q4')).map((row) => row.message_id)).toEqual(['first-of-q4', 'q4-with-offset']);
  });

  it('counts one message once, however often and from whatever source it comes', async () => {
    await feed(rooms, [smsRecord('m1', '2026-08-01T10:00:00Z')]);
    await feed(rooms, [
      smsRecord('m1', '2026-08-01T10:00:00Z'),
      smsRecord('m1', '2026-08-01T10:00:00Z', {}, '/sms-service/b'),
    ]);
    expect(await ledger('2026-Q3')).toHaveLength(1);
  });

  it('never lets anybody change or delete a row of the ledger', async () => {
    await feed(rooms, [smsRecord('m1', '2026-08-01T10:00:00Z')]);
    const database = rooms.databases.get('billing')!;
    await expect(database.query("update sms_ledger set quarter = '2026-Q4'")).rejects.toThrow(/permission/);
    await expect(database.query('delete from sms_ledger')).rejects.toThrow(/permission/);
  });

  it('keeps the newest totals of metering by partition, and drops older ones', async () => {
    const totals = (asOfOffset: number, count: number, version = asOfOffset) => ({
      topic: TOPICS.smsTotals.name,
      partition: 0,
      key: '2|isv_a|2026-Q3',
      headers: { 'content-type': STRUCTURED_CONTENT_TYPE },
      value: new TextEncoder().encode(
        JSON.stringify({
          specversion: '1.0',
          id: `totals ${version}`,
          source: '/test',
          type: smsTotalsChanged.type,
          time: '2026-10-01T00:00:00Z',
          data: {
            partition: 2,
            asOfOffset,
            version,
            integrationId: 'isv_a',
            quarter: '2026-Q3',
            count,
            sumHash: '18446744073709551615',
          },
        }),
      ),
    });
    await feed(rooms, [totals(10, 4), totals(20, 9)]);
    await feed(rooms, [totals(15, 6)]);
    // After a replay: another count at the same offset.
    await feed(rooms, [totals(20, 10, 21)]);
    const rows = await rooms.databases.get('billing')!.query('select * from metered_sms');
    expect(rows).toEqual([
      {
        partition: 2,
        integration_id: 'isv_a',
        quarter: '2026-Q3',
        as_of_offset: 20,
        count: 10,
        sum_hash: '18446744073709551615',
      },
    ]);
  });
});
