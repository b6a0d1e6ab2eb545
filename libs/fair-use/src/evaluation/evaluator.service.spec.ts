import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Module } from '@nestjs/common';
import { TOPICS, type ApiCallEvent, type Breach, type BreachOpenedEvent } from '@taxameter/contracts';
import {
  OnEvents,
  parseConfiguration,
  startRooms,
  type EventBatch,
  type Room,
  type RunningRooms,
} from '@taxameter/platform';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import {
  callsInMinute,
  casesOf,
  fairUseRoom,
  fiveMinutes,
  judged,
  NOW,
  recordsOf,
  send,
  type BreachAnswer,
} from '../fair-use.testing.js';
import { callAt } from '../signals/signals.testing.js';

/** What a reader of the breach topic is told, in order. */
const told: BreachOpenedEvent[] = [];

@Controller()
class Reader {
  @OnEvents('reader', TOPICS.breaches)
  breaches(batch: EventBatch<BreachOpenedEvent>): Promise<void> {
    told.push(...batch.events.map((received) => received.event));
    return Promise.resolve();
  }
}

@Module({ controllers: [Reader] })
class ReaderModule {}

const reader: Room = {
  name: 'reader',
  module: ReaderModule,
  schema: { migrations: [] },
};

const toldAbout = (breachId: string) => told.filter(({ data }) => data.breachId === breachId);

let rooms: TestRooms;
/** Another process on the same database. */
let second: RunningRooms | undefined;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom, reader], { now: NOW });
});
afterAll(async () => {
  await second?.stop();
  await rooms?.stop();
});

/** The polls of the committed log, shifted so that it ends shortly before the log takes them in. */
async function realPolls(integrationId: string): Promise<ApiCallEvent[]> {
  const path = new URL('../../../../demo/data/openstack-nova-api.log', import.meta.url);
  const lines = (await readFile(path, 'utf8'))
    .split('\n')
    .filter((line) => /\/servers\/detail HTTP/.test(line));
  const shiftMs = Date.parse('2026-10-05T07:40:00Z') - Date.parse('2017-05-16T00:00:00Z');
  return lines.map((line, index) => {
    const [, day, clock, tenant] = /^\S+ (\S+) (\S+) .*"GET \/v2\/([0-9a-f]+)\/servers/.exec(line)!;
    const time = new Date(Date.parse(`${day}T${clock}Z`) + shiftMs).toISOString();
    return {
      ...callAt(time, { integrationId, organizationId: tenant!, route: '/v2/{tenant}/servers/detail' }),
      id: `${integrationId} ${index}`,
    };
  });
}

describe('the fair-use room', () => {
  it('opens one critical case for 698 full fetches of a real log, with evidence and guidance', async () => {
    const polls = await realPolls('poller');
    expect(polls).toHaveLength(698);
    await send(rooms, polls);
    const cases = await casesOf(rooms, 'poller');
    expect(cases.map((one: Breach) => [one.ruleId, one.severity, one.observed.value, one.threshold])).toEqual(
      [
        ['POLLING_UNFILTERED', 'critical', 332, 300],
        ['RATE_MINUTE', 'info', 50, 50],
      ],
    );
    const found = cases[0]!;
    expect(found.peak.value).toBe(698);
    expect(found.evidence.reduce((sum: number, row: { value: number }) => sum + row.value, 0)).toBe(
      found.observed.value,
    );
    expect(found.guidance.da).toContain('changes-since');
    expect(found.guidance.en).toContain(`${found.observed.value} times`);
  });

  it('ends in the same cases however it was cut and judged, with two processes too', async () => {
    const configuration = parseConfiguration({
      DATABASE_URL: rooms.databaseUrl,
      PORT: '0',
      LOG_LEVEL: 'fatal',
      FIXED_CLOCK: NOW,
    });
    second = await startRooms([fairUseRoom], configuration);
    const figures: unknown[] = [];
    // The 300th poll makes it critical, 310 is within the minute that proves it.
    for (const [integrationId, size, pauses] of [
      ['cut_a', 698, []],
      ['cut_b', 5, [50, 200, 305, 310, 325, 500]],
      ['cut_c', 41, [82, 164, 328, 656]],
      ['cut_d', 1, [299, 300, 301, 331, 332, 333]],
    ] as const) {
      const polls = await realPolls(integrationId);
      for (const [index, from] of [0, ...pauses].entries()) {
        await rooms.producer.append(recordsOf(polls.slice(from, pauses[index]), size));
        if (index < pauses.length) await (index % 2 === 0 ? sleep(15) : judged(rooms));
        if (integrationId === 'cut_d' && index === 2) await second.stop();
      }
      await judged(rooms);
      const cases: BreachAnswer[] = await casesOf(rooms, integrationId);
      figures.push(
        cases.map(({ ruleId, severity, observed, threshold, evidence, peak }) => {
          return { ruleId, severity, observed, threshold, evidence, peak };
        }),
      );
      for (const { peak: _peak, handling: _handling, shadow: _shadow, ...breach } of cases) {
        expect(toldAbout(breach.breachId).at(-1)!.data).toEqual(breach);
      }
    }
    expect(figures[0]).toHaveLength(2);
    for (const others of figures.slice(1)) expect(others).toEqual(figures[0]);
  });

  it('changes nothing when the same calls are sent again', async () => {
    const before = await casesOf(rooms, 'poller');
    await send(rooms, await realPolls('poller'), 100);
    expect(await casesOf(rooms, 'poller')).toEqual(before);
  });

  it('meets a limit at its own value, minute by minute (case 31)', async () => {
    for (const [integrationId, count] of [
      ['below', 49],
      ['exactly', 50],
      ['above', 51],
    ] as const) {
      await send(rooms, fiveMinutes(integrationId, '2026-10-05T07:00:00Z', count));
    }
    expect(await casesOf(rooms, 'below')).toEqual([]);
    expect(await casesOf(rooms, 'exactly')).toMatchObject([
      { ruleId: 'RATE_MINUTE', severity: 'info', observed: { value: 50 }, threshold: 50 },
    ]);
    expect(await casesOf(rooms, 'above')).toMatchObject([{ severity: 'info', observed: { value: 51 } }]);
  });

  it('finds no burst in a backlog, and marks as retroactive what it finds (case 34)', async () => {
    const minutes = Array.from({ length: 120 }, (_, minute) =>
      new Date(Date.parse('2026-10-05T03:00:00Z') + minute * 60_000).toISOString(),
    );
    await send(
      rooms,
      minutes.flatMap((minute) => callsInMinute('calm_backlog', minute, 20)),
    );
    expect(await casesOf(rooms, 'calm_backlog')).toEqual([]);
    await send(
      rooms,
      minutes.slice(0, 30).flatMap((minute) => callsInMinute('wild_backlog', minute, 75)),
    );
    expect(await casesOf(rooms, 'wild_backlog')).toMatchObject([
      { severity: 'warning', retroactive: true, observed: { windowEnd: '2026-10-05T03:05:00.000Z' } },
    ]);
    expect(await casesOf(rooms, 'exactly')).toMatchObject([{ retroactive: false }]);
  });

  it('judges the share of refused calls when the minute is closed, from 100 calls on (case 32)', async () => {
    const minute = Date.parse('2026-10-05T07:55:00Z');
    const answers = (integrationId: string, count: number, refused: number, status: number) =>
      Array.from({ length: count }, (_, index) =>
        callAt(new Date(minute + index * 500).toISOString(), {
          integrationId,
          operation: 'item',
          status: index < refused ? status : 200,
        }),
      );
    await send(rooms, [
      ...answers('refused_three', 3, 3, 404),
      ...answers('refused_fifteen', 100, 15, 404),
      ...answers('refused_by_fault', 100, 100, 500),
    ]);
    const { body } = await rooms.call('ops', 'GET', '/v1/fair-use/status');
    // The two minutes of refused calls, and what more waits of them.
    expect(body.dirty).toBe(0);
    expect(body.open).toBeGreaterThanOrEqual(2);
    expect(await casesOf(rooms, 'refused_fifteen')).toEqual([]);

    await send(rooms, [callAt('2026-10-05T07:57:59.999Z', { integrationId: 'somebody_else' })]);
    expect(await casesOf(rooms, 'refused_fifteen')).toEqual([]);
    await send(rooms, [callAt('2026-10-05T07:58:00.000Z', { integrationId: 'somebody_else' })]);
    expect(await casesOf(rooms, 'refused_fifteen')).toMatchObject([
      {
        ruleId: 'ERROR_RATIO_4XX',
        severity: 'warning',
        observed: { value: 15, unit: 'percent of calls', windowEnd: '2026-10-05T07:56:00.000Z' },
        threshold: 15,
        policyVersion: 3,
        retroactive: false,
      },
    ]);
    expect(await casesOf(rooms, 'refused_three')).toEqual([]);
    expect(await casesOf(rooms, 'refused_by_fault')).toEqual([]);
  });

  it('publishes every version once, ascending, and keeps what it published', async () => {
    const { items } = (await rooms.call('ops', 'GET', '/v1/breaches')).body;
    expect(items.length).toBeGreaterThan(5);
    for (const { breachId, version } of items) {
      const versions = Array.from({ length: version }, (_, index) => index + 1);
      expect(toldAbout(breachId).map(({ data }) => data.version)).toEqual(versions);
      const { body } = await rooms.call('ops', 'GET', `/v1/breaches/${breachId}`);
      expect(body.versions.map((kept: Breach) => kept.observed)).toEqual(
        toldAbout(breachId).map(({ data }) => data.observed),
      );
    }
  });

  it('cannot take back or alter what was told', async () => {
    const database = rooms.databases.get('fair-use')!;
    await expect(database.query('update breach_version set change = change')).rejects.toThrow(/denied/);
    await expect(database.query('delete from breach_version')).rejects.toThrow(/denied/);
    await expect(database.query('delete from breach')).rejects.toThrow(/denied/);
  });
});
