import { TOPICS } from '@taxameter/contracts';
import { call, sms, type AnyEvent } from '../events.testing.js';
import { startMetering, type TestMetering } from '../metering.testing.js';
import { Counters } from './counters.service.js';
import { Dictionary } from './dictionary.service.js';
import { sumUsage } from './usage-sums.js';

let metering: TestMetering;
const count: TestMetering['count'] = (...events) => metering.count(...events);
const sql = <Row>(text: string, parameters?: unknown[]) => metering.sql<Row>(text, parameters);
const usage: TestMetering['usage'] = (query, partnerId) => metering.usage(query, partnerId);

beforeEach(async () => {
  metering = await startMetering();
});

afterEach(async () => {
  await metering?.rooms.stop();
});

async function accounted(topic: string) {
  const { partitions } = await metering.rooms.system.accounting();
  const rows = partitions.filter((partition) => partition.topic === topic);
  return {
    counted: rows.reduce((sum, row) => sum + row.counted, 0),
    duplicate: rows.reduce((sum, row) => sum + row.duplicate, 0),
  };
}

describe('counting', () => {
  it('counts an SMS by local midnight into its quarter, with the bounds of the quarter in the answer', async () => {
    await count(
      sms('last', '2026-09-30T21:59:59.999Z'),
      sms('first', '2026-09-30T22:00:00.000Z'),
      sms('written-as-october', '2026-10-01T00:30:00+03:00'),
    );
    const { status, body } = await usage({ granularity: 'quarter', from: '2026-07-01', to: '2027-01-01' });
    expect(status).toBe(200);
    expect(body.items).toMatchObject([
      { windowStart: '2026-06-30T22:00:00.000Z', windowEnd: '2026-09-30T22:00:00.000Z', sms: 2 },
      { windowStart: '2026-09-30T22:00:00.000Z', windowEnd: '2026-12-31T23:00:00.000Z', sms: 1 },
    ]);
  });

  it('adds up to the same at every level, and to what the accounting says was counted', async () => {
    const calls = Array.from({ length: 300 }, (_, index) =>
      call(`call ${index}`, new Date(Date.parse('2026-09-30T20:00:00Z') + index * 97_000).toISOString(), {
        integrationId: index % 3 === 0 ? 'isv_a' : 'isv_b',
        organizationId: index % 5 === 0 ? null : `${index % 4}`,
        status: [200, 201, 404, 429, 500, 0][index % 6]!,
        route: `/v1/r${index % 7}`,
      }),
    );
    const messages = Array.from({ length: 40 }, (_, index) =>
      sms(`sms-${index}`, new Date(Date.parse('2026-09-30T21:00:00Z') + index * 180_000).toISOString(), {
        segments: 1 + (index % 3),
        testMode: index % 10 === 0,
      }),
    );
    await count(...calls.slice(0, 150), ...messages);
    await count(...calls.slice(100), ...messages.slice(0, 5));
    const sums = async (table: string) =>
      (
        await sql(
          `select sum(calls)::bigint as calls, sum(duration_ms)::bigint as duration, sum(sms)::bigint as sms,
                  sum(sms_segments)::bigint as segments, sum(sms_test)::bigint as test from ${table}`,
        )
      )[0];
    const minute = await sums('usage_minute');
    expect(minute).toEqual({ calls: 300, duration: 3_000, sms: 36, segments: 72, test: 4 });
    for (const table of ['usage_hour', 'usage_day', 'usage_quarter']) {
      expect([table, await sums(table)]).toEqual([table, minute]);
    }
    expect(await accounted(TOPICS.apiCalls.name)).toEqual({ counted: 300, duplicate: 50 });
    expect(await accounted(TOPICS.smsSent.name)).toEqual({ counted: 40, duplicate: 5 });
  });

  it('answers the same calls of each kind at every granularity, as JSON and as CSV', async () => {
    const operations = [
      'list',
      'list',
      'list',
      'item',
      'write',
      'write',
      'action',
      'file',
      'auth',
      'other',
    ] as const;
    await count(
      ...Array.from({ length: 60 }, (_, index) =>
        call(`kind ${index}`, new Date(Date.parse('2026-10-05T05:50:00Z') + index * 31_000).toISOString(), {
          operation: operations[index % 10]!,
          organizationId: `${index % 3}`,
          route: `/v1/r${index % 4}`,
        }),
      ),
    );
    const expected = {
      ...{ calls: 60, callsList: 18, callsItem: 6, callsWrite: 12, callsAction: 6 },
      ...{ callsFile: 6, callsAuth: 6, callsOther: 6 },
    };
    const names = Object.keys(expected) as (keyof typeof expected)[];
    const range = { from: '2026-10-05T05:00:00Z', to: '2026-10-05T07:00:00Z' };
    for (const query of [
      { granularity: 'minute', ...range, limit: '500' },
      { granularity: 'hour', ...range, groupBy: 'route,statusClass' },
      { granularity: 'day' },
      { granularity: 'quarter' },
    ]) {
      const { body } = await usage(query);
      const totals = names.map((name) => [
        name,
        (body.items as (typeof expected)[]).reduce((sum, item) => sum + item[name], 0),
      ]);
      expect([query.granularity, Object.fromEntries(totals)]).toEqual([query.granularity, expected]);
    }
    const { bytes } = await metering.rooms.call(
      'ops',
      'GET',
      '/v1/usage?granularity=quarter&groupBy=integration',
      {
        headers: { accept: 'text/csv' },
      },
    );
    const [head, row] = new TextDecoder()
      .decode(bytes)
      .split('\r\n')
      .map((line) => line.split(','));
    const cells = names.map((name) => [name, Number(row![head!.indexOf(name)])]);
    expect(Object.fromEntries(cells)).toEqual(expected);
    const { body } = await metering.rooms.call('ops', 'GET', '/v1/usage/summary');
    expect(body.totals).toMatchObject(expected);
  });

  it('counts a call once that is delivered five times', async () => {
    const once = call('again', '2026-10-05T07:00:00Z');
    await count(once, once, once);
    await count(once, once);
    const { body } = await usage({ granularity: 'day', from: '2026-10-05', to: '2026-10-06' });
    expect(body.items).toMatchObject([{ calls: 1, revision: 1 }]);
  });

  it('has the same totals when events come out of order, and a higher revision', async () => {
    const times = ['09:00', '07:00', '10:00', '06:00'].map((time) => `2026-10-04T${time}:00Z`);
    for (const [index, time] of times.entries()) await count(call(`late ${index}`, time));
    await count(
      ...times.map((time, index) => call(`b ${index}`, time, { integrationId: 'isv_b' })).sort(byTime),
    );
    const { body } = await usage({ granularity: 'day', from: '2026-10-04', to: '2026-10-05' });
    const [late, inOrder] = body.items;
    expect({ ...late, integrationId: '', revision: 0 }).toEqual({
      ...inOrder,
      integrationId: '',
      revision: 0,
    });
    expect(late.revision).toBe(4);
    expect(inOrder.revision).toBeLessThan(5);
  });

  it('keeps the slowest call of each window, in whatever order batches come, and of several rows the slowest', async () => {
    const slow = (id: string, durationMs: number, organizationId = '1') =>
      call(id, '2026-10-05T06:00:00Z', { durationMs, organizationId });
    await count(slow('a', 40));
    await count(slow('b', 900));
    await count(slow('c', 7), slow('d', 8, '2'));
    const range = { from: '2026-10-05T06:00:00Z', to: '2026-10-05T07:00:00Z' };
    for (const query of [
      { granularity: 'minute', ...range },
      { granularity: 'hour', ...range },
      { granularity: 'day' },
      { granularity: 'quarter' },
    ]) {
      const each = await usage(query);
      expect(each.body.items).toMatchObject([{ durationMaxMs: 900 }, { durationMaxMs: 8 }]);
      const together = await usage({ ...query, groupBy: 'integration' });
      expect(together.body.items).toMatchObject([{ durationMs: 955, durationMaxMs: 900 }]);
    }
    const { body } = await metering.rooms.call('ops', 'GET', '/v1/usage/summary');
    expect(body.totals).toMatchObject({ durationMs: 955, durationMaxMs: 900 });
  });

  it('keeps both hours of the night when the clock is set back apart, in one day', async () => {
    // The night of 2025: that of 2026 lies after the clock of this test.
    await count(sms('summer', '2025-10-26T00:30:00Z'), sms('winter', '2025-10-26T01:30:00Z'));
    const night = { from: '2025-10-25T22:00:00Z', to: '2025-10-26T23:00:00Z' };
    const hours = await usage({ granularity: 'hour', ...night });
    expect(hours.body.items.map((item: { windowStart: string }) => item.windowStart)).toEqual([
      '2025-10-26T00:00:00.000Z',
      '2025-10-26T01:00:00.000Z',
    ]);
    const days = await usage({ granularity: 'day', ...night });
    expect(days.body.items).toMatchObject([
      { windowStart: '2025-10-25T22:00:00.000Z', windowEnd: '2025-10-26T23:00:00.000Z', sms: 2 },
    ]);
  });

  it('loses nothing and does not deadlock when all partitions write the same rows in different orders', async () => {
    const database = metering.rooms.databases.get('metering')!;
    const counters = new Counters(new Dictionary(database));
    const pairs = Array.from({ length: 40 }, (_, index) => `isv_${(index * 17) % 40}`);
    const batch = (writer: number) => {
      const mixed = writer % 2 === 0 ? pairs : [...pairs].reverse();
      return sumUsage(
        mixed.map((integrationId, index) => {
          const event = call(`${writer} ${index}`, '2026-10-05T07:00:00Z', { integrationId });
          return { event, time: new Date(event.time) };
        }),
      );
    };
    const write = async (writer: number) => {
      for (let round = 0; round < 20; round += 1) {
        await database.transaction((tx) => counters.add(tx, batch(writer)));
      }
    };
    await Promise.all([0, 1, 2, 3].map(write));
    for (const table of ['usage_minute', 'usage_hour', 'usage_day', 'usage_quarter']) {
      const [row] = await sql<{ calls: number; rows: number; revisions: number }>(
        `select sum(calls)::bigint as calls, count(*) as rows, min(revision)::bigint as revisions from ${table}`,
      );
      expect(row).toEqual({ calls: 3_200, rows: 40, revisions: 80 });
    }
  });

  it('says which offsets the figures hold', async () => {
    await count(call('one', '2026-10-05T07:00:00Z'), sms('one', '2026-10-05T07:00:00Z'));
    const { body } = await usage({});
    const read = (topic: string) =>
      body.asOf
        .filter((position: { topic: string }) => position.topic === topic)
        .reduce((sum: number, position: { nextOffset: number }) => sum + position.nextOffset, 0);
    expect([read(TOPICS.apiCalls.name), read(TOPICS.smsSent.name)]).toEqual([1, 1]);
  });
});

const byTime = (left: AnyEvent, right: AnyEvent) => (left.time < right.time ? -1 : 1);
