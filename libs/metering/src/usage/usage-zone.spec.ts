import { call, owned, sms } from '../events.testing.js';
import { startMetering, type TestMetering } from '../metering.testing.js';

let metering: TestMetering;
const usage: TestMetering['usage'] = (query, partnerId) => metering.usage(query, partnerId);

beforeAll(async () => {
  metering = await startMetering();
  await metering.count(
    owned('isv_a', 1, [{ partnerId: 'par_1', from: '2026-01-01T00:00:00Z' }]),
    call('late on the 3rd in New York', '2026-10-04T03:59:59Z', { status: 503, route: '/v1/x' }),
    call('first on the 4th', '2026-10-04T04:00:00Z', { status: 429, route: '/v1/x' }),
    call('noon of the 4th', '2026-10-04T16:00:00Z', { route: '/v1/y', durationMs: 70 }),
    call('of b', '2026-10-04T16:00:00Z', { integrationId: 'isv_b' }),
    sms('m', '2026-10-04T16:00:00Z'),
    call('on the 5th', '2026-10-05T04:00:00Z'),
  );
});

afterAll(async () => {
  await metering?.rooms.stop();
});

const NEW_YORK = { granularity: 'day', timeZone: 'America/New_York', from: '2026-10-03', to: '2026-10-05' };

describe('usage in a time zone', () => {
  it('has the days of the zone, summed from hours, shown with its offset', async () => {
    const { status, body } = await usage({ ...NEW_YORK, integrationId: 'isv_a' });
    expect(status).toBe(200);
    expect(body.items).toMatchObject([
      {
        windowStart: '2026-10-03T00:00:00-04:00',
        windowEnd: '2026-10-04T00:00:00-04:00',
        calls: 1,
        calls5xx: 1,
      },
      {
        windowStart: '2026-10-04T00:00:00-04:00',
        windowEnd: '2026-10-05T00:00:00-04:00',
        calls: 2,
        calls4xx: 1,
        calls429: 1,
        calls5xx: 0,
        sms: 1,
        durationMaxMs: 70,
      },
    ]);
  });

  it('gives the same rows in pages and as CSV, and refuses the cursor of another zone', async () => {
    const whole = await usage(NEW_YORK);
    const first = await usage({ ...NEW_YORK, limit: '2' });
    const cursor = first.body.nextCursor as string;
    const second = await usage({ ...NEW_YORK, limit: '2', cursor });
    expect([...first.body.items, ...second.body.items]).toEqual(whole.body.items);
    expect([whole.body.items.length, second.body.nextCursor]).toEqual([3, null]);
    const csv = await metering.rooms.call(
      'ops',
      'GET',
      `/v1/usage?${new URLSearchParams({ ...NEW_YORK, format: 'csv' }).toString()}`,
    );
    expect(new TextDecoder().decode(csv.bytes).split('\r\n').slice(1, 4)).toEqual(
      whole.body.items.map((item: { windowStart: string; windowEnd: string }) =>
        expect.stringContaining(`${item.windowStart},${item.windowEnd},`),
      ),
    );
    for (const other of [{ timeZone: 'America/Chicago' }, { timeZone: 'Europe/Copenhagen' }]) {
      const refused = await usage({ ...NEW_YORK, ...other, cursor });
      expect([refused.status, refused.body.errors?.[0]?.field]).toEqual([400, 'query.cursor']);
    }
  });

  it('holds a partner to its own integrations also there', async () => {
    const { body } = await usage(NEW_YORK, 'par_1');
    expect(body.items.map((item: { integrationId: string }) => item.integrationId)).toEqual([
      'isv_a',
      'isv_a',
    ]);
    expect((await usage(NEW_YORK, 'par_2')).body.items).toEqual([]);
  });

  it('shows hours and days of Copenhagen with the offset, and nothing else changes', async () => {
    for (const query of [
      { granularity: 'hour', from: '2026-10-04T00:00:00Z', to: '2026-10-05T00:00:00Z' },
      { granularity: 'day', from: '2026-10-04', to: '2026-10-06' },
    ]) {
      const plain = await usage(query);
      const zoned = await usage({ ...query, timeZone: 'Europe/Copenhagen' });
      expect(zoned.body.items[0].windowStart).toMatch(/\+02:00$/);
      const inUtc = zoned.body.items.map((item: { windowStart: string; windowEnd: string }) => ({
        ...item,
        windowStart: new Date(item.windowStart).toISOString(),
        windowEnd: new Date(item.windowEnd).toISOString(),
      }));
      expect(inUtc).toEqual(plain.body.items);
    }
  });

  it('refuses days that hours cannot give', async () => {
    const { status, body } = await usage({ ...NEW_YORK, timeZone: 'Asia/Kolkata' });
    expect([status, body.errors[0].field]).toEqual([400, 'query.timeZone']);
  });
});

describe('a filter by status class or route', () => {
  const HOURS = { granularity: 'hour', from: '2026-10-04T00:00:00Z', to: '2026-10-05T00:00:00Z' };
  const calls = async (query: Record<string, string>) =>
    (await usage({ ...HOURS, groupBy: 'integration', ...query })).body.items.map(
      (item: { calls: number; sms: number }) => [item.calls, item.sms],
    );

  it('leaves only those rows, and is for hours', async () => {
    expect(await calls({ statusClass: '4xx' })).toEqual([[1, 0]]);
    expect(await calls({ statusClass: 'none' })).toEqual([[0, 1]]);
    expect(await calls({ route: '/v1/x' })).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(await calls({ route: '' })).toEqual([[0, 1]]);
    expect(await calls({ route: '/v1/x', statusClass: '2xx' })).toEqual([]);
    for (const [name, value] of [
      ['route', '/v1/x'],
      ['statusClass', '4xx'],
    ] as const) {
      const refused = await usage({ granularity: 'day', [name]: value });
      expect([refused.status, refused.body.errors[0].field]).toEqual([400, `query.${name}`]);
    }
  });
});
