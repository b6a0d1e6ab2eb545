import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from '@taxameter/platform';
import { call, owned, sms } from '../events.testing.js';
import { startMetering, type TestMetering } from '../metering.testing.js';
import { UsageExport } from './usage-export.service.js';
import { planUsage } from './usage-plan.js';
import { UsageReader } from './usage-reader.service.js';

let metering: TestMetering;
const text = ({ bytes }: { bytes: Uint8Array }) => new TextDecoder().decode(bytes);

beforeAll(async () => {
  metering = await startMetering();
  await metering.count(
    owned('isv_a', 1, [{ partnerId: 'par_1', from: '2026-01-01T00:00:00Z' }]),
    call('a', '2026-10-05T06:00:00Z', { route: '=HYPERLINK("http://x";1)', status: 404 }),
    call('b', '2026-10-05T06:10:00Z', { integrationId: 'isv_b', organizationId: null, route: '/v1/b' }),
    sms('m', '2026-10-05T06:30:00Z', { segments: 2 }),
  );
});

afterAll(async () => {
  await metering?.rooms.stop();
});

const HOUR = 'granularity=hour&from=2026-10-05T06:00:00Z&to=2026-10-05T07:00:00Z';
const ROUTES = `${HOUR}&groupBy=integration,agreement,route,statusClass`;

describe('usage as CSV', () => {
  it('has a header, a line for each item and a name, and no route runs in a spreadsheet', async () => {
    const answer = await metering.rooms.call('ops', 'GET', `/v1/usage?${ROUTES}&format=csv`);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(answer.headers.get('content-disposition')).toBe(
      'attachment; filename="usage-hour-20261005T060000Z-20261005T070000Z.csv"',
    );
    const [header, ...lines] = text(answer).split('\r\n');
    expect(header).toMatch(
      /^windowStart,windowEnd,integrationId,organizationId,route,statusClass,calls,.*,revision$/,
    );
    const window = '2026-10-05T06:00:00.000Z,2026-10-05T07:00:00.000Z';
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => line.split(',').slice(0, 7).join()).sort()).toEqual([
      `${window},isv_a,1,"'=HYPERLINK(""http://x"";1)",4xx,1`,
      `${window},isv_a,1,,none,0`,
      `${window},isv_b,,/v1/b,2xx,1`,
    ]);
  });

  it('is given to who accepts it, unless the question says otherwise', async () => {
    const ask = (query: string, accept: string) =>
      metering.rooms.call('ops', 'GET', `/v1/usage${query}`, { headers: { accept } });
    expect((await ask('', 'text/csv')).headers.get('content-type')).toContain('text/csv');
    expect((await ask('?format=json', 'text/csv')).body.items).toHaveLength(2);
    expect((await ask('', 'application/json')).body.items).toHaveLength(2);
  });

  it('holds a partner to its own integrations and refuses a foreign one and a cursor', async () => {
    const ask = (query: string) =>
      metering.rooms.call('partner', 'GET', `/v1/usage?${query}&format=csv`, { partnerId: 'par_1' });
    expect(text(await ask(HOUR))).toContain('isv_a');
    expect(text(await ask(HOUR))).not.toContain('isv_b');
    expect((await ask(`${HOUR}&integrationId=isv_b`)).status).toBe(404);
    const cursor = (await metering.rooms.call('ops', 'GET', `/v1/usage?${HOUR}&limit=1`)).body.nextCursor;
    const refused = await ask(`${HOUR}&cursor=${cursor}`);
    expect([refused.status, refused.body.errors[0].field]).toEqual([400, 'query.cursor']);
  });

  it('has the rows of all pages, each once', async () => {
    await metering.sql("select ensure_usage_month('usage_minute', '2026-09-01')");
    await metering.sql(
      `insert into usage_minute (window_start, integration, agreement, calls, calls_4xx, calls_5xx, calls_429, duration_ms,
                                 response_bytes, sms, sms_segments, sms_test)
       select timestamptz '2026-09-01T00:00Z' + minute * interval '1 minute', 1, 1, minute, 0, 0, 0, 0, 0, 0, 0, 0
       from generate_series(1, 4500) as minute`,
    );
    const query = 'granularity=minute&from=2026-09-01T00:00:00Z&to=2026-09-05T00:00:00Z&format=csv';
    const answer = await metering.rooms.call('ops', 'GET', `/v1/usage?${query}`);
    const calls = text(answer)
      .trimEnd()
      .split('\r\n')
      .slice(1)
      .map((line) => Number(line.split(',')[4]));
    expect(calls).toEqual(Array.from({ length: 4_500 }, (_, index) => index + 1));
  });

  it('has room again when clients go away in the middle', async () => {
    const query = 'granularity=minute&from=2026-09-01T00:00:00Z&to=2026-09-05T00:00:00Z&format=csv';
    const authorization = `Bearer ${await metering.rooms.token({ role: 'ops' })}`;
    for (let round = 0; round < 12; round += 1) {
      const leave = new AbortController();
      const response = await fetch(`${metering.rooms.address}/v1/usage?${query}`, {
        headers: { authorization },
        signal: leave.signal,
      });
      expect(response.status).toBe(200);
      leave.abort();
      await sleep(50);
    }
  });

  it('is refused with too many rows before the first byte, and is free again for the next', async () => {
    const reader = new UsageReader(metering.rooms.databases.get('metering')!);
    const exports = new UsageExport(reader);
    const now = new Date('2026-10-05T08:00:00Z');
    const actor: Actor = { id: 'test', role: 'ops', partnerId: null };
    const plan = planUsage({ granularity: 'day', limit: 50 }, now);
    for (let round = 0; round < 5; round += 1) {
      await expect(exports.open(actor, plan, now, 1)).rejects.toMatchObject({
        status: 422,
        code: 'too-many-rows',
      });
    }
    const running = await Promise.all([1, 2, 3, 4].map(() => exports.open(actor, plan, now, 2)));
    await expect(exports.open(actor, plan, now, 2)).rejects.toMatchObject({ status: 503 });
    // As when a client goes away before it has read anything.
    await new Promise((closed) => running[0]!.getStream().on('close', closed).destroy());
    const next = await exports.open(actor, plan, now, 2);
    expect(await next.getStream().toArray()).toHaveLength(2);
    for (const file of running) file.getStream().destroy();
  });
});
