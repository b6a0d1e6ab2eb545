import { setTimeout as sleep } from 'node:timers/promises';
import type { Role } from '@taxameter/platform';
import { call, owned, sms } from '../events.testing.js';
import { startMetering, type TestMetering } from '../metering.testing.js';
import { sumOf, type LiveFigures } from './live-usage.js';

let metering: TestMetering;
const leaving: AbortController[] = [];

beforeEach(async () => {
  metering = await startMetering();
});

afterEach(async () => {
  for (const controller of leaving.splice(0)) controller.abort();
  await metering?.rooms.stop();
});

interface Line extends LiveFigures {
  readonly id: number;
  readonly at: string;
  readonly sincePreviousMs: number;
}

async function open(role: Role, { partnerId = 'par_none', query = '' } = {}) {
  const leave = new AbortController();
  leaving.push(leave);
  const { address } = metering.rooms;
  const token = await metering.rooms.token(role === 'partner' ? { role, partnerId } : { role });
  const response = await fetch(`${address}/v1/usage/live${query}`, {
    signal: leave.signal,
    headers: { authorization: `Bearer ${token}` },
  });
  let text = '';
  const ended = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
    }
    return true;
  })().catch(() => false);
  const lines = (): Line[] =>
    [...text.matchAll(/^event: usage\nid: (\d+)\ndata: (.*)\n\n/gm)].map(([, id, data]) => ({
      ...(JSON.parse(data!) as Line),
      id: Number(id),
    }));
  return { response, ended, lines, text: () => text, leave: () => leave.abort() };
}

async function until<Value>(read: () => Value, isEnough: (value: Value) => boolean): Promise<Value> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const value = read();
    if (isEnough(value)) return value;
    if (Date.now() > deadline) throw new Error(`never: ${JSON.stringify(value)}`);
    await sleep(20);
  }
}

const hasLines = (lines: readonly Line[]) => lines.length > 0;

/** Waits for two more lines of each: the first may have been under way, the second holds all that is counted. */
async function twoMore(...streams: Awaited<ReturnType<typeof open>>[]) {
  const seen = streams.map((stream) => stream.lines().length);
  await Promise.all(
    streams.map((stream, index) => until(stream.lines, (lines) => lines.length >= seen[index]! + 2)),
  );
}

const AT = '2026-10-05T07:58:30Z';

describe('the live stream of usage', () => {
  it('tells each event in one line only, a partner those of its own integrations, a filter those of one', async () => {
    await metering.count(
      owned('isv_a', 1, [{ partnerId: 'par_1', from: '2026-01-01T00:00:00Z' }]),
      owned('isv_b', 1, [{ partnerId: 'par_2', from: '2026-01-01T00:00:00Z' }]),
      call('before', AT),
    );
    const streams = [
      await open('ops'),
      await open('ops', { query: '?integrationId=isv_b' }),
      await open('partner', { partnerId: 'par_1' }),
      await open('partner', { partnerId: 'par_3' }),
    ];
    for (const stream of streams) await until(stream.lines, hasLines);
    await metering.count(
      call('a', AT, { status: 500 }),
      call('b1', AT, { integrationId: 'isv_b', status: 404 }),
      call('b2', '2026-10-05T07:57:00Z', { integrationId: 'isv_b' }),
      call('too old', '2026-10-05T07:40:00Z'),
      sms('m', AT),
      sms('test', AT, { testMode: true }),
    );
    await twoMore(...streams);
    expect(streams.map((stream) => sumOf(stream.lines()))).toEqual([
      { calls: 3, errors: 2, sms: 1 },
      { calls: 2, errors: 1, sms: 0 },
      { calls: 1, errors: 1, sms: 1 },
      { calls: 0, errors: 0, sms: 0 },
    ]);
    const [first, second] = streams[0]!.lines();
    expect(second!.id).toBeGreaterThan(first!.id);
    expect(second!.sincePreviousMs).toBeGreaterThan(900);
    expect(second!.at).toBe('2026-10-05T08:00:00.000Z');
  });

  it('asks the database once a second for all streams of ops', async () => {
    const streams = await Promise.all([1, 2, 3, 4].map(() => open('ops')));
    for (const stream of streams) await until(stream.lines, hasLines);
    // Lines from one look have one number.
    const ids = streams.map((stream) => stream.lines()[0]!.id);
    await twoMore(...streams);
    const newest = Math.max(...streams.map((stream) => stream.lines().at(-1)!.id));
    expect(newest - Math.min(...ids)).toBeLessThanOrEqual(4);
  });

  it('refuses a foreign integration, a sixth stream of a partner until one is closed, and who may not see usage', async () => {
    await metering.count(owned('isv_a', 1, [{ partnerId: 'par_1', from: '2026-01-01T00:00:00Z' }]));
    const partner = { partnerId: 'par_1' };
    const foreign = await open('partner', { ...partner, query: '?integrationId=isv_x' });
    expect(foreign.response.status).toBe(404);
    expect((await open('partner', { ...partner, query: '?integrationId=isv_a' })).response.status).toBe(200);
    const others = await Promise.all([1, 2, 3, 4].map(() => open('partner', partner)));
    const sixth = await open('partner', partner);
    expect([sixth.response.status, sixth.response.headers.get('retry-after')]).toEqual([503, '5']);
    await sixth.ended;
    expect(sixth.text()).toContain('close one');
    expect((await open('ops')).response.status).toBe(200);
    others[0]!.leave();
    await others[0]!.ended;
    const deadline = Date.now() + 5_000;
    let status = 503;
    while (status === 503 && Date.now() < deadline) status = (await open('partner', partner)).response.status;
    expect(status).toBe(200);
    expect((await open('ingest')).response.status).toBe(403);
  });

  it('ends when the process stops, and does not hold it up', async () => {
    const stream = await open('ops');
    const started = performance.now();
    await metering.rooms.stop();
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(await stream.ended).toBe(true);
    metering = await startMetering();
  });
});
