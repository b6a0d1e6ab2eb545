import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sampleApiCall } from '@taxameter/contracts/testing';
import { importAccessLog } from '@taxameter/emitter';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { roomsNamed } from '@taxameter/server';
import { ROOT } from './command-line.js';
import { proofs, untilJudged, type Proof } from './personas/feed.js';

/**
 * What fair use makes of a quarter of an hour of a real API. Each case is explained to somebody who has only the log, and each figure
 * of the explanation is counted here, line by line, without any code of ours.
 */

const LOG = join(ROOT, 'demo/data/openstack-nova-api.log');
const BEGINS = '2026-10-05T07:30:00Z';
const USER = '113d3a99c3da401fbd62cc2caa5b96d2';
const MINUTE_MS = 60_000;

interface Line {
  readonly ms: number;
  readonly user: string;
  readonly request: string;
}

const lines: readonly Line[] = readFileSync(LOG, 'utf8')
  .trimEnd()
  .split('\n')
  .map((text) => {
    const [, day, clock] = /^\S+ (\S+) (\S+) /.exec(text)!;
    return {
      ms: Date.parse(`${day}T${clock}Z`),
      user: /\[req-\S+ (\S+) /.exec(text)?.[1] ?? '-',
      request: /"(.*) HTTP/.exec(text)![1]!,
    };
  });
const beginMs = Math.min(...lines.map(({ ms }) => ms));

const isFullFetch = ({ request }: Line) => /^GET \S+\/servers\/detail$/.test(request);
const asksForChanges = ({ request }: Line) => /\/servers\/detail\?.*changes-since=/.test(request);
const of = (user: string) => lines.filter((line) => line.user === user);

/** How many in each minute, from the first line on. */
function perMinute(some: readonly Line[]): number[] {
  const counts = Array<number>(15).fill(0);
  for (const { ms } of some) counts[Math.floor((ms - beginMs) / MINUTE_MS)]! += 1;
  return counts;
}

/** How many minutes it takes until there are so many, and how many there are at the end of that minute. */
function reached(some: readonly Line[], count: number): { minutes: number; soFar: number } {
  let [minutes, soFar] = [0, 0];
  for (const next of perMinute(some)) {
    minutes += 1;
    soFar += next;
    if (soFar >= count) break;
  }
  return { minutes, soFar };
}

/** Of the minutes with so many calls or more: how many, in which the fifth is, and the least of the first five. */
function busy(some: readonly Line[], calls: number) {
  const minutes = [...perMinute(some).entries()].filter(([, count]) => count >= calls);
  const firstFive = minutes.slice(0, 5);
  return {
    count: minutes.length,
    fifth: firstFive.at(-1)![0] + 1,
    held: Math.min(...firstFive.map(([, count]) => count)),
    busiest: Math.max(...perMinute(some)),
  };
}

/** Seconds from one to the next, with one decimal. */
function gapSeconds(some: readonly Line[]): number {
  return Math.round((some.at(-1)!.ms - some[0]!.ms) / (some.length - 1) / 100) / 10;
}

interface Explained {
  readonly integrationId: string;
  readonly ruleId: string;
  readonly severity: string;
  readonly value: number;
  readonly threshold: number;
  /** Why a person who reads the log agrees. */
  readonly because: string;
  /** The figures of that sentence in their order, counted. */
  readonly counted: () => number[];
}

function pollingOf(some: readonly Line[]): number[] {
  const full = some.filter(isFullFetch);
  const { minutes, soFar } = reached(full, 300);
  return [some.length, full.length, gapSeconds(full), some.filter(asksForChanges).length, soFar, minutes];
}

const ONE_TENANT: readonly Explained[] = [
  {
    integrationId: 'isv_log',
    ruleId: 'POLLING_UNFILTERED',
    severity: 'critical',
    value: 332,
    threshold: 300,
    because:
      'Of 1,017 calls 698 fetch the whole list of servers, one every 1.3 seconds, and 2 ask for what has changed: there are 332 full fetches after 7 minutes.',
    counted: () => pollingOf(lines),
  },
  {
    integrationId: 'isv_log',
    ruleId: 'RATE_MINUTE',
    severity: 'warning',
    value: 70,
    threshold: 70,
    because:
      'Taken as one customer, 1,017 calls come one every 0.9 seconds: 6 of the minutes have 70 calls or more, the 13th is the fifth of these, the least of the five has 70, and the busiest of all 83.',
    counted: () => {
      const { count, fifth, held, busiest } = busy(lines, 70);
      return [lines.length, gapSeconds(lines), count, 70, fifth, held, busiest];
    },
  },
];

const AS_LOGGED: readonly Explained[] = [
  {
    integrationId: USER,
    ruleId: 'POLLING_UNFILTERED',
    severity: 'critical',
    value: 332,
    threshold: 300,
    because:
      'Of the 762 calls of this user 698 fetch the whole list of servers, one every 1.3 seconds, and 0 ask for what has changed: there are 332 full fetches after 7 minutes.',
    counted: () => pollingOf(of(USER)),
  },
  {
    integrationId: USER,
    ruleId: 'RATE_MINUTE',
    severity: 'info',
    value: 53,
    threshold: 50,
    because:
      'Of the minutes 8 have 50 calls or more of this user, the 9th is the fifth of these, the least of the five has 53, and the busiest of all has 60: worth a word, and no more.',
    counted: () => {
      const { count, fifth, held, busiest } = busy(of(USER), 50);
      return [count, 50, fifth, held, busiest];
    },
  },
];

describe('the real log', () => {
  let rooms: TestRooms;
  let cases: readonly Proof[];

  beforeAll(async () => {
    rooms = await startTestRooms(roomsNamed(['ingest', 'fair-use']), { now: '2026-10-05T09:00:00Z' });
    const door = { url: rooms.address, token: await rooms.token({ role: 'ingest' }) };
    const log = { file: LOG, door, shiftTo: BEGINS };
    const one = await importAccessLog({
      ...{ ...log, source: '/log/one-tenant' },
      ...{ integration: 'const:isv_log', agreement: 'const:tenant' },
    });
    const asLogged = await importAccessLog({ ...log, source: '/log/as-logged' });
    expect([one.accepted, asLogged.accepted]).toEqual([1_017, 1_017]);
    // Time goes on, so that every minute and hour of the log is closed.
    const later = sampleApiCall('later', '2026-10-05T08:59:00.000Z', { integrationId: 'unknown' });
    await rooms.call('ingest', 'POST', '/v1/events', {
      body: JSON.stringify([later]),
      headers: { 'content-type': 'application/cloudevents-batch+json' },
    });
    await untilJudged(rooms, 60_000);
    cases = await proofs(rooms);
  }, 90_000);

  afterAll(() => rooms?.stop());

  it.each([
    ['as one tenant', ONE_TENANT, ['isv_log']],
    ['as its users, the tenants of each apart', AS_LOGGED, [...new Set(lines.map(({ user }) => user))]],
  ])('%s, opens the polling case and no case that is not explained here', (_, explained, integrations) => {
    const found = cases.filter(({ scope }) => integrations.includes(scope.integrationId));
    expect(
      found.map(({ scope, ruleId, severity, observed, threshold }) => ({
        integrationId: scope.integrationId,
        ...{ ruleId, severity, value: observed.value, threshold },
      })),
    ).toEqual(
      explained.map(({ integrationId, ruleId, severity, value, threshold }) => ({
        integrationId,
        ...{ ruleId, severity, value, threshold },
      })),
    );
  });

  it.each([...ONE_TENANT, ...AS_LOGGED])(
    '$integrationId, $ruleId $severity: $because',
    ({ because, counted, value }) => {
      const figures = (because.match(/\d[\d,]*(\.\d+)?/g) ?? []).map((text) =>
        Number(text.replaceAll(',', '')),
      );
      expect(figures).toEqual(counted());
      expect(figures).toContain(value);
    },
  );

  it('proves each case minute by minute with what the log has of it', () => {
    for (const { scope, ruleId, evidence } of cases) {
      const own = scope.integrationId === 'isv_log' ? lines : of(scope.integrationId);
      const counts = perMinute(ruleId === 'RATE_MINUTE' ? own : own.filter(isFullFetch));
      expect(evidence.length).toBeGreaterThanOrEqual(5);
      for (const { windowStart, value } of evidence) {
        expect(value).toBe(counts[(Date.parse(windowStart) - Date.parse(BEGINS)) / MINUTE_MS]);
      }
    }
  });
});
