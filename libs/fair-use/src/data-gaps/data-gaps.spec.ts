import { TOPICS } from '@taxameter/contracts';
import { createLogger, EventLogError, type System } from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import type { DataSource } from 'typeorm';
import { fairUseRoom } from '../fair-use.testing.js';
import { callAt } from '../signals/signals.testing.js';
import type { UsageBatch } from '../signals/store-signals.service.js';
import { PolicyBook } from '../policy/policy-book.service.js';
import { hearSources, MAX_SOURCES } from './hear-sources.service.js';
import { Listening } from './listening.service.js';

/** The room's own loop stands before all that happens here, and finds nothing to open. */
const START = Date.parse('2026-10-05T09:00:00Z');
const instant = (minute: number) => new Date(START + minute * 60_000);

let rooms: TestRooms;
let database: DataSource;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: '2026-10-05T08:00:00Z' });
  database = rooms.databases.get('fair-use')!;
});
afterAll(async () => {
  await rooms?.stop();
});

const minutes = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);

/** A batch for each minute in which the log took in an event, which happened `earlier` minutes before. */
async function hear(source: string, appended: readonly number[], partition = 0, earlier = 0): Promise<void> {
  for (const minute of appended) await hearAll([source], minute, partition, earlier);
}

async function hearAll(
  sources: readonly string[],
  minute: number,
  partition = 0,
  earlier = 0,
): Promise<void> {
  const time = instant(minute - earlier);
  const batch = {
    tx: database.manager,
    topic: TOPICS.apiCalls.name,
    partition,
    events: sources.map((source) => ({
      event: { ...callAt(time.toISOString()), source },
      time,
      appendedAt: instant(minute),
    })),
  };
  await hearSources(batch as unknown as UsageBatch, 10);
}

const allRead = { unreadPartitions: () => Promise.resolve([]) } as unknown as System;
async function listenAt(minute: number, system = allRead): Promise<void> {
  const clock = { now: () => instant(minute) };
  await new Listening(database, clock, system, new PolicyBook(), createLogger('silent')).listen();
}

async function gapsOf(source: string) {
  const { body } = await rooms.call(
    'ops',
    'GET',
    `/v1/fair-use/data-gaps?source=${encodeURIComponent(source)}`,
  );
  return body.items;
}

describe('a gap in the data', () => {
  it('is opened when a source that was heard in 30 of 60 minutes is silent for ten', async () => {
    await hear('/gateway/a', minutes(1, 59, 2));
    await listenAt(68.99);
    expect(await gapsOf('/gateway/a')).toEqual([]);
    await listenAt(69);
    await listenAt(75);
    expect(await gapsOf('/gateway/a')).toMatchObject([
      {
        state: 'open',
        silentSince: instant(59).toISOString(),
        openedAt: instant(69).toISOString(),
        resolvedAt: null,
        resolution: null,
        backlogFrom: null,
      },
    ]);
  });

  it('is not opened for a source that was heard in 29 minutes, nor for one that sent a day of events at once', async () => {
    await hear('/gateway/seldom', minutes(3, 59, 2));
    await hear('/import/may', [0], 0, 0);
    for (const earlier of minutes(0, 600, 5)) await hear('/import/may', [0.5], 0, earlier);
    await listenAt(100);
    expect([...(await gapsOf('/gateway/seldom')), ...(await gapsOf('/import/may'))]).toEqual([]);
  });

  it('looks at all partitions of a source together, and counts no minute twice', async () => {
    await hear('/gateway/two', minutes(0, 28, 2), 0);
    await hear('/gateway/two', minutes(1, 29, 2), 1);
    await hear('/gateway/same', minutes(0, 14), 0);
    await hear('/gateway/same', minutes(0, 14), 1);
    await hear('/gateway/lives', minutes(0, 29), 0);
    await hear('/gateway/lives', [35], 1);
    await listenAt(40);
    expect(await gapsOf('/gateway/two')).toHaveLength(1);
    expect(await gapsOf('/gateway/same')).toEqual([]);
    expect(await gapsOf('/gateway/lives')).toEqual([]);
  });

  it('is not opened while we have not read so far ourselves, and is when the log does not answer', async () => {
    await hear('/gateway/unread', minutes(0, 29));
    const readTo = (minute: number) =>
      database.query(
        `insert into watermark values ($1, 5, $2, $2)
         on conflict (topic, partition) do update set appended_at = excluded.appended_at`,
        [TOPICS.apiCalls.name, instant(minute)],
      );
    const behind = {
      unreadPartitions: (_room: string, topic: string) =>
        Promise.resolve(topic === TOPICS.apiCalls.name ? [5] : []),
    } as unknown as System;
    await readTo(38.9);
    await listenAt(200, behind);
    expect(await gapsOf('/gateway/unread')).toEqual([]);
    await readTo(39);
    await listenAt(200, behind);
    expect(await gapsOf('/gateway/unread')).toHaveLength(1);

    await hear('/gateway/away', minutes(0, 29));
    const away = {
      unreadPartitions: () => Promise.reject(new EventLogError('away', 'no broker answers')),
    } as unknown as System;
    await listenAt(39, away);
    expect(await gapsOf('/gateway/away')).toHaveLength(1);
  });

  it('is resolved when the source is heard again, and says from when on it tells', async () => {
    await hear('/gateway/back', minutes(0, 39));
    await listenAt(60);
    await hearAll(['/gateway/back'], 160, 0, 115);
    await listenAt(161);
    const resolved = {
      state: 'resolved',
      resolution: 'heard-again',
      resolvedAt: instant(160).toISOString(),
    };
    expect(await gapsOf('/gateway/back')).toMatchObject([
      { ...resolved, backlogFrom: instant(45).toISOString() },
    ]);
    // Another partition is read a little later, and begins earlier.
    await hearAll(['/gateway/back'], 161, 1, 121);
    await listenAt(162);
    expect(await gapsOf('/gateway/back')).toMatchObject([
      { ...resolved, backlogFrom: instant(40).toISOString() },
    ]);
  });

  it('can open again for a source that is active again', async () => {
    await hear('/gateway/back', minutes(162, 199));
    await listenAt(209);
    expect((await gapsOf('/gateway/back')).map(({ state }: { state: string }) => state)).toEqual([
      'open',
      'resolved',
    ]);
  });

  it('ends as gone after a week, and the source is forgotten', async () => {
    await hear('/gateway/gone', minutes(0, 39));
    await listenAt(60);
    await listenAt(39 + 7 * 1_440);
    expect(await gapsOf('/gateway/gone')).toMatchObject([{ state: 'open' }]);
    await listenAt(40 + 7 * 1_440);
    expect(await gapsOf('/gateway/gone')).toMatchObject([
      { state: 'resolved', resolution: 'gone', backlogFrom: null },
    ]);
    expect(await database.query(`select from source_heard where source = '/gateway/gone'`)).toEqual([]);
  });

  it('is not shown to partners, and is in the status of ops', async () => {
    expect((await rooms.call('partner', 'GET', '/v1/fair-use/data-gaps')).status).toBe(403);
    const open = await rooms.call('ops', 'GET', '/v1/fair-use/data-gaps?state=open&limit=1');
    expect(open.status).toBe(200);
    const { body } = await rooms.call('ops', 'GET', '/v1/fair-use/status');
    expect(body.dataGaps).toBe(
      (await rooms.call('ops', 'GET', '/v1/fair-use/data-gaps?state=open')).body.items.length,
    );
  });
});

describe('a sender that invents sources', () => {
  it('fills no table, and those that are known are heard all the same', async () => {
    const partition = 7;
    await hear('/gateway/known', [0], partition);
    const invented = (batch: number) =>
      Array.from({ length: 300 }, (_, index) => `/invented/${batch}/${index}`);
    for (let batch = 0; batch < 8; batch += 1) await hearAll(invented(batch), 1, partition);
    await hear('/gateway/known', [2], partition);
    const [{ count, newest }] = await database.query(
      `select count(*)::integer as count, max(newest_append) filter (where source = '/gateway/known') as newest
       from source_heard where partition = $1`,
      [partition],
    );
    expect(count).toBeGreaterThanOrEqual(MAX_SOURCES);
    expect(count).toBeLessThan(MAX_SOURCES + 300);
    expect(newest).toEqual(instant(2));
  });
});
