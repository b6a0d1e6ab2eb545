import { TOPICS, type ApiCallEvent, type SmsSentEvent } from '@taxameter/contracts';
import { shuffled } from '@taxameter/contracts/testing';
import type { NewRecord } from '@taxameter/platform';
import { faultMoments, faultRounds, startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { call, recordOf, sms } from '../events.testing.js';
import { meteringMigrations } from '../metering.migration.js';
import { MeteringModule } from '../metering.module.js';

/** Copies in any number, order and place, at once and hours later, also changed: the counters are those of a run without any. */

type Usage = ApiCallEvent | SmsSentEvent;

const ROUNDS = faultRounds(2);
const below = faultMoments();
const CALLS = 90;
const MESSAGES = 40;
const MOST_COPIES = 50;
const NOW = '2026-10-05T08:00:00Z';
const HOURS_LATER = '2026-10-05T19:30:00Z';
const HOUR_MS = 3_600_000;
const room = { name: 'metering', module: MeteringModule, schema: { migrations: meteringMigrations } };

const started: TestRooms[] = [];

async function start(now: string, beside?: TestRooms): Promise<TestRooms> {
  const rooms = await startTestRooms([room], { now, ...(beside && { databaseUrl: beside.databaseUrl }) });
  started.unshift(rooms);
  return rooms;
}

afterEach(async () => {
  for (const rooms of started.splice(0)) await rooms.stop();
});

const oneOf = <Value>(values: readonly Value[]): Value => values[below(values.length)]!;

/** Calls of the last six days and SMS of two quarters. */
function someEvents(): Usage[] {
  const before = (hours: number) =>
    new Date(Date.parse(NOW) - below(hours * 3_600) * 1_000 - below(1_000)).toISOString();
  const who = () => ({ integrationId: `isv_${below(5)}`, organizationId: oneOf([null, '1', '2', '3']) });
  return [
    ...Array.from({ length: CALLS }, (_, index) =>
      call(`call ${index}`, before(144), {
        ...who(),
        route: `/v1/r${below(6)}`,
        status: oneOf([200, 201, 404, 429, 500, 0]),
        durationMs: below(5_000),
        responseBytes: below(100_000),
      }),
    ),
    ...Array.from({ length: MESSAGES }, (_, index) =>
      sms(`sms-${index}`, before(24 * 40), {
        ...who(),
        organizationId: String(below(3)),
        segments: 1 + below(3),
        testMode: below(5) === 0,
      }),
    ),
  ];
}

/** The same identity with other figures. A sender may change anything but the time. */
function changed(event: Usage): Usage {
  return event.type === 'dk.dinero.usage.sms_sent.v1'
    ? { ...event, data: { ...event.data, segments: event.data.segments + 1 } }
    : {
        ...event,
        data: { ...event.data, status: 418, durationMs: 77_777, route: '/changed', integrationId: 'isv_x' },
      };
}

/** On any partition of their topic, alone or several in one record. */
function scattered(events: readonly Usage[]): NewRecord[] {
  const records: NewRecord[] = [];
  for (let from = 0; from < events.length;) {
    const { type } = events[from]!;
    const most = 1 + below(12);
    let to = from + 1;
    while (to < events.length && to - from < most && events[to]!.type === type) to += 1;
    const together = events.slice(from, to);
    records.push({
      ...recordOf(together[0]!),
      partition: below(
        (type === 'dk.dinero.usage.sms_sent.v1' ? TOPICS.smsSent : TOPICS.apiCalls).partitions,
      ),
      headers: { 'content-type': 'application/cloudevents-batch+json' },
      value: new TextEncoder().encode(JSON.stringify(together)),
    });
    from = to;
  }
  return records;
}

async function append(rooms: TestRooms, records: readonly NewRecord[]): Promise<void> {
  for (let from = 0; from < records.length;) {
    const to = from + 1 + below(60);
    await rooms.producer.append(records.slice(from, to));
    from = to;
  }
  await rooms.settle();
}

/** Every counter with its names; ids and revisions tell in which order things came. */
async function countersOf(rooms: TestRooms): Promise<unknown[]> {
  const tables = ['usage_minute', 'usage_hour', 'usage_day', 'usage_quarter'].map(async (table) => {
    const rows = await rooms.databases.get('metering')!.query<{ figures: string }[]>(
      `select ((to_jsonb(counter) - array['integration', 'agreement', 'route', 'revision'])
               || jsonb_build_object('integration', integration_id, 'agreement', organization_id, 'route',
                    (select route.route from route where route.id = (to_jsonb(counter) ->> 'route')::integer)))::text as figures
       from ${table} as counter join integration on integration.id = counter.integration
         join agreement on agreement.id = counter.agreement`,
    );
    return rows.map(({ figures }) => `${table} ${figures}`);
  });
  return (await Promise.all(tables)).flat().sort();
}

async function accountOf(rooms: TestRooms) {
  const { partitions } = await rooms.system.accounting();
  const sum = (name: 'read' | 'counted' | 'duplicate' | 'quarantined' | 'ignored') =>
    partitions.reduce((total, partition) => total + partition[name], 0);
  return {
    ...{ read: sum('read'), counted: sum('counted'), duplicate: sum('duplicate') },
    ...{ quarantined: sum('quarantined'), ignored: sum('ignored') },
  };
}

describe('a storm of duplicates', () => {
  it.each(Array.from({ length: ROUNDS }, (_, round) => [round + 1]))(
    'in which each event comes up to 50 times leaves the counters of the run without it (%i)',
    async () => {
      const events = someEvents();
      const clean = await start(NOW);
      await append(clean, events.sort((one, other) => (one.time < other.time ? -1 : 1)).map(recordOf));
      const expected = await countersOf(clean);

      const storm = await start(NOW);
      const copies = () =>
        events.flatMap((event) => Array.from({ length: below(MOST_COPIES / 2) }, () => event));
      const [atOnce, late] = [[...events, ...copies()], copies()];
      await append(storm, scattered(shuffled(atOnce, below)));
      const later = await start(HOURS_LATER, storm);
      const bent = shuffled(events, below).slice(0, 60).map(changed);
      await append(later, scattered(shuffled([...late, ...bent], below)));

      expect(await countersOf(storm)).toEqual(expected);
      const conflicts = bent.filter(({ type }) => type === 'dk.dinero.usage.sms_sent.v1').length;
      const read = atOnce.length + late.length + bent.length;
      expect(await accountOf(storm)).toEqual({
        ...{ read, counted: events.length, quarantined: conflicts, ignored: 0 },
        duplicate: read - events.length - conflicts,
      });
    },
    60_000,
  );

  it('in the opposite order, the newest first and hours late, leaves the same counters', async () => {
    const events = someEvents().sort((one, other) => (one.time < other.time ? -1 : 1));
    const forwards = await start(NOW);
    await append(forwards, events.map(recordOf));
    const expected = await countersOf(forwards);
    const backwards = await start(new Date(Date.parse(NOW) + 13 * HOUR_MS).toISOString());
    await append(backwards, [...events].reverse().map(recordOf));
    expect(await countersOf(backwards)).toEqual(expected);
    expect(await accountOf(backwards)).toMatchObject({ read: events.length, counted: events.length });
  });
});
