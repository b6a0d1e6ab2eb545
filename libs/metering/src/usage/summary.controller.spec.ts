import { call, owned, sms } from '../events.testing.js';
import { startMetering, type TestMetering } from '../metering.testing.js';

let metering: TestMetering;

beforeEach(async () => {
  metering = await startMetering();
  await metering.count(
    owned('isv_a', 1, [{ partnerId: 'par_1', from: '2026-01-01T00:00:00Z' }]),
    call('a1', '2026-10-02T06:00:00Z', { status: 429 }),
    call('a2', '2026-10-03T21:59:59Z'),
    call('b1', '2026-10-02T06:00:00Z', { integrationId: 'isv_b', durationMs: 5_000 }),
    sms('s1', '2026-10-02T06:00:00Z', { integrationId: 'isv_b' }),
    sms('s2', '2026-10-02T06:00:00Z', { integrationId: 'isv_b' }),
    call('before', '2026-10-01T06:00:00Z'),
    sms('before', '2026-09-29T22:00:00Z', { segments: 4 }),
    sms('before-it', '2026-09-29T21:59:59Z'),
  );
});

afterEach(async () => {
  await metering?.rooms.stop();
});

const summary = (query: string) => metering.rooms.call('ops', 'GET', `/v1/usage/summary?${query}`);
const DAYS = 'from=2026-10-02&to=2026-10-04';

describe('the summary', () => {
  it('holds a range of days against as many days before it', async () => {
    const { body } = await summary(`${DAYS}&compare=previous`);
    expect(body).toMatchObject({
      totals: { calls: 3, calls429: 1, sms: 2 },
      previous: {
        windowStart: '2026-09-29T22:00:00.000Z',
        windowEnd: '2026-10-01T22:00:00.000Z',
        totals: { calls: 1, calls429: 0, sms: 1, smsSegments: 4 },
        differences: { calls: 2, calls429: 1, sms: 1, smsSegments: -2, smsTest: 0 },
        changePerMille: { calls: 2_000, calls429: null, sms: 1_000, smsSegments: -500, smsTest: null },
      },
    });
    expect((await summary(DAYS)).body.previous).toBeUndefined();
  });

  it('holds a quarter against the one before, for a partner its own figures', async () => {
    const { body } = await summary('quarter=2026-Q4&compare=previous');
    expect(body.previous).toMatchObject({
      windowStart: '2026-06-30T22:00:00.000Z',
      totals: { calls: 0, sms: 2 },
    });
    const path = `/v1/usage/summary?${DAYS}&compare=previous`;
    const own = await metering.rooms.call('partner', 'GET', path, { partnerId: 'par_1' });
    expect(own.body).toMatchObject({
      totals: { calls: 2, sms: 0 },
      previous: { totals: { calls: 1, sms: 1 } },
    });
    const foreign = await metering.rooms.call('partner', 'GET', path, { partnerId: 'par_2' });
    expect(foreign.body).toMatchObject({ totals: { calls: 0 }, previous: { totals: { calls: 0, sms: 0 } } });
  });

  it('lists so many integrations, ordered by what is asked for', async () => {
    const first = async (query: string) =>
      (await summary(`${DAYS}&${query}`)).body.integrations.map(
        (row: { integrationId: string }) => row.integrationId,
      );
    expect(await first('')).toEqual(['isv_b', 'isv_a']);
    expect(await first('orderBy=calls')).toEqual(['isv_a', 'isv_b']);
    expect(await first('orderBy=calls429&top=1')).toEqual(['isv_a']);
    expect(await first('orderBy=sms&top=1')).toEqual(['isv_b']);
    expect(await first('orderBy=durationMs&top=1')).toEqual(['isv_b']);
  });

  it('refuses what it cannot list or compare, naming the parameter', async () => {
    for (const query of ['top=0', 'top=101', 'orderBy=responseBytes', 'compare=next']) {
      const { status, body } = await summary(query);
      expect([status, body.errors?.[0]?.field]).toEqual([400, `query.${query.split('=')[0]}`]);
    }
  });
});
