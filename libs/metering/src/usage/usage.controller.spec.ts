import { call, owned, sms } from '../events.testing.js';
import { startMetering, type TestMetering } from '../metering.testing.js';

let metering: TestMetering;
const count: TestMetering['count'] = (...events) => metering.count(...events);
const usage: TestMetering['usage'] = (query, partnerId) => metering.usage(query, partnerId);

beforeEach(async () => {
  metering = await startMetering();
});

afterEach(async () => {
  await metering?.rooms.stop();
});

describe('what a partner sees', () => {
  const YEAR = { granularity: 'day', from: '2026-09-01', to: '2026-10-06' };

  beforeEach(async () => {
    await count(
      owned('isv_a', 1, [{ partnerId: 'par_1', from: '2026-01-01T00:00:00Z' }]),
      owned('isv_b', 1, [
        { partnerId: 'par_1', from: '2026-01-01T00:00:00Z' },
        { partnerId: 'par_2', from: '2026-10-01T00:00:00Z' },
      ]),
      call('a', '2026-10-02T07:00:00Z', { integrationId: 'isv_a' }),
      call('b', '2026-10-02T07:00:00Z', { integrationId: 'isv_b' }),
      call('c', '2026-10-02T07:00:00Z', { integrationId: 'isv_c' }),
    );
  });

  const seen = async (partnerId: string) =>
    (await usage(YEAR, partnerId)).body.items.map((item: { integrationId: string }) => item.integrationId);

  it('is the usage of the integrations that it owns now, and nothing of what it has sold', async () => {
    expect(await seen('par_1')).toEqual(['isv_a']);
    expect(await seen('par_2')).toEqual(['isv_b']);
    expect(await seen('par_3')).toEqual([]);
    const { body } = await metering.rooms.call('partner', 'GET', '/v1/usage/summary', { partnerId: 'par_1' });
    expect(body).toMatchObject({
      totals: { calls: 1 },
      integrations: [{ integrationId: 'isv_a', calls: 1 }],
    });
  });

  it('is not to be had by naming a foreign integration, which answers like one that does not exist', async () => {
    expect((await usage({ ...YEAR, integrationId: 'isv_b' }, 'par_1')).status).toBe(404);
    expect((await usage({ ...YEAR, integrationId: 'isv_x' }, 'par_1')).status).toBe(404);
    expect((await usage({ ...YEAR, integrationId: 'isv_a' }, 'par_1')).body.items).toHaveLength(1);
    expect((await usage({ ...YEAR, integrationId: 'isv_b' })).body.items).toHaveLength(1);
  });

  it('follows a change of owner, and an older fact does not turn it back', async () => {
    await count(owned('isv_a', 3, [{ partnerId: 'par_2', from: '2026-01-01T00:00:00Z' }]));
    await count(owned('isv_a', 2, [{ partnerId: 'par_1', from: '2026-01-01T00:00:00Z' }]));
    expect(await seen('par_1')).toEqual([]);
    expect(await seen('par_2')).toEqual(['isv_a', 'isv_b']);
  });

  it('is kept by the database also where a question forgets to', async () => {
    const database = metering.rooms.databases.get('metering')!;
    for (const table of ['usage_minute', 'usage_hour', 'usage_day', 'usage_quarter']) {
      const rows = await database.transaction(async (tx) => {
        await tx.query("select set_config('taxameter.partner', 'par_2', true)");
        return tx.query<{ integration_id: string }[]>(
          `select integration_id from ${table} join integration on integration.id = integration`,
        );
      });
      expect(rows).toEqual([{ integration_id: 'isv_b' }]);
    }
  });
});

describe('the usage API', () => {
  it('gives every row once over all pages, at each granularity and grouping', async () => {
    const calls = Array.from({ length: 60 }, (_, index) =>
      call(`c${index}`, new Date(Date.parse('2026-10-05T06:00:00Z') + index * 20_000).toISOString(), {
        integrationId: `isv_${index % 4}`,
        organizationId: index % 3 === 0 ? null : `${index % 3}`,
        route: `/v1/r${index % 5}`,
        status: index % 2 === 0 ? 200 : 404,
      }),
    );
    await count(...calls);
    const day = { from: '2026-10-05T06:00:00Z', to: '2026-10-05T07:00:00Z' };
    for (const query of [
      { granularity: 'minute', ...day },
      { granularity: 'minute', groupBy: 'integration', ...day },
      { granularity: 'hour', groupBy: 'statusClass,route,agreement,integration', ...day },
      { granularity: 'day', groupBy: 'agreement' },
    ]) {
      const whole = await usage({ ...query, limit: '500' });
      expect(whole.body.nextCursor).toBeNull();
      const pages: unknown[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof usage>> = await usage({
          ...query,
          limit: '7',
          ...(cursor !== null && { cursor }),
        });
        expect(page.status).toBe(200);
        pages.push(...page.body.items);
        cursor = page.body.nextCursor as string | null;
      } while (cursor !== null);
      expect(pages).toEqual(whole.body.items);
      expect(whole.body.items.reduce((sum: number, item: { calls: number }) => sum + item.calls, 0)).toBe(60);
    }
  });

  it('gives every row once also when events are counted between two pages', async () => {
    const at = (index: number) => `2026-10-05T06:0${index}:00Z`;
    await count(...[0, 1, 2, 3, 4, 5].map((index) => call(`c${index}`, at(index))));
    const query = { granularity: 'minute', from: at(0), to: at(8), limit: '2' };
    const first = await usage(query);
    await count(call('into a page already read', at(0)), call('into one to come', at(3)), call('new', at(7)));
    const second = await usage({ ...query, cursor: first.body.nextCursor });
    const third = await usage({ ...query, cursor: second.body.nextCursor });
    const fourth = await usage({ ...query, cursor: third.body.nextCursor });
    const calls = [first, second, third, fourth].flatMap((page) =>
      page.body.items.map((item: { calls: number }) => item.calls),
    );
    expect(calls).toEqual([1, 1, 1, 2, 1, 1, 1]);
    expect(fourth.body.nextCursor).toBeNull();
  });

  it('tells route and status class by the hour, and 4xx and 5xx also when grouped without them', async () => {
    await count(
      call('ok', '2026-10-05T06:00:00Z'),
      call('bad', '2026-10-05T06:10:00Z', { status: 429 }),
      call('gone', '2026-10-05T06:20:00Z', { status: 0, organizationId: null }),
      sms('m', '2026-10-05T06:30:00Z'),
    );
    const hour = { granularity: 'hour', from: '2026-10-05T06:00:00Z', to: '2026-10-05T07:00:00Z' };
    const byClass = await usage({ ...hour, groupBy: 'statusClass' });
    expect(byClass.body.items).toMatchObject([
      { statusClass: 'none', calls: 1, sms: 1 },
      { statusClass: '2xx', calls: 1 },
      { statusClass: '4xx', calls: 1, calls429: 1 },
    ]);
    const byRoute = await usage({ ...hour, groupBy: 'route' });
    expect(byRoute.body.items).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ route: null, calls: 0, sms: 1 })]),
    );
    const plain = await usage({ ...hour, integrationId: 'isv_a' });
    expect(plain.body.items).toHaveLength(2);
    expect(plain.body.items[0]).toMatchObject({ organizationId: '1', calls: 2, calls4xx: 1, calls5xx: 0 });
    const without = await usage({ ...hour, organizationId: '' });
    expect(without.body.items).toMatchObject([{ organizationId: null, calls: 1, sms: 0 }]);
  });

  it('refuses with the parameter that is wrong', async () => {
    for (const [query, field] of [
      [{ granularity: 'week' }, 'query.granularity'],
      [{ granularity: 'day', groupBy: 'route' }, 'query.groupBy'],
      [{ granularity: 'day', groupBy: 'partner' }, 'query.groupBy'],
      [{ granularity: 'minute', quarter: '2026-Q3' }, 'query.quarter'],
      [{ granularity: 'day', from: '2026-10-05' }, 'query.to'],
      [{ granularity: 'day', limit: '501' }, 'query.limit'],
      [{ granularity: 'day', cursor: 'nonsense' }, 'query.cursor'],
      [
        { granularity: 'day', cursor: btoa('["day","integration,agreement","2026-11-31",1,1]') },
        'query.cursor',
      ],
      [
        { granularity: 'day', cursor: btoa('["minute","integration,agreement","2026-11-30",1,1]') },
        'query.cursor',
      ],
    ] as const) {
      const { status, body } = await usage(query);
      expect([query, status, body.errors?.[0]?.field]).toEqual([query, 400, field]);
    }
  });

  it('is for ops, finance, partners and admins', async () => {
    for (const role of ['ops', 'finance', 'partner', 'admin'] as const) {
      expect((await metering.rooms.call(role, 'GET', '/v1/usage')).status).toBe(200);
      expect((await metering.rooms.call(role, 'GET', '/v1/usage/summary')).status).toBe(200);
    }
    expect((await metering.rooms.call('ingest', 'GET', '/v1/usage')).status).toBe(403);
    expect((await metering.rooms.call('anonymous', 'GET', '/v1/usage')).status).toBe(401);
  });

  it('sums a range over all integrations, the one that used most first', async () => {
    await count(
      call('a', '2026-10-05T06:00:00Z'),
      call('b1', '2026-10-05T06:00:00Z', { integrationId: 'isv_b' }),
      call('b2', '2026-10-04T06:00:00Z', { integrationId: 'isv_b', organizationId: '2' }),
      sms('m', '2026-10-04T06:00:00Z', { integrationId: 'isv_b', segments: 2 }),
    );
    const { body } = await metering.rooms.call('finance', 'GET', '/v1/usage/summary?quarter=2026-Q4');
    expect(body).toMatchObject({
      windowStart: '2026-09-30T22:00:00.000Z',
      windowEnd: '2026-12-31T23:00:00.000Z',
      totals: { calls: 3, sms: 1, smsSegments: 2, durationMs: 30 },
      integrations: [
        { integrationId: 'isv_b', calls: 2, sms: 1 },
        { integrationId: 'isv_a', calls: 1, sms: 0 },
      ],
    });
    const empty = await metering.rooms.call('finance', 'GET', '/v1/usage/summary?quarter=2026-Q1');
    expect(empty.body).toMatchObject({ totals: { calls: 0 }, integrations: [] });
  });
});
