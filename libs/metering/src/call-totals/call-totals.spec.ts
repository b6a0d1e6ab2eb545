import { Quarter, TOPICS, type CallTotals as Totals } from '@taxameter/contracts';
import { createLogger, openRoom, type Clock } from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { call, sms } from '../events.testing.js';
import { startMetering, type TestMetering } from '../metering.testing.js';
import { CallTotals } from './call-totals.service.js';

let metering: TestMetering;
const count: TestMetering['count'] = (...events) => metering.count(...events);

beforeEach(async () => {
  metering = await startMetering();
});

afterEach(() => metering?.rooms.stop());

/** A process of its own, whose clock stands where it is put; the one of the rooms looks once, at start, and finds nothing. */
function processAt(time: string) {
  const clock: { at: Date } & Clock = { at: new Date(time), now: () => clock.at };
  const totals = new CallTotals(metering.rooms.databases.get('metering')!, clock, createLogger('silent'));
  return {
    publishAt: async (at: string) => {
      clock.at = new Date(at);
      await totals.publish();
      await metering.rooms.settle();
    },
  };
}

const on = (id: string, integrationId: string, more: Parameters<typeof call>[2] = {}) =>
  call(id, '2026-10-05T07:00:00Z', { integrationId, ...more });

describe('totals of calls', () => {
  it('are published for each integration and quarter over all agreements, with the offsets that they hold', async () => {
    const { publishAt } = processAt('2026-10-05T08:00:00Z');
    await count(
      ...Array.from({ length: 30 }, (_, index) =>
        on(`a ${index}`, 'isv_a', {
          organizationId: `${index % 9}`,
          status: [200, 404, 429, 500][index % 4]!,
          operation: index % 3 === 0 ? 'write' : 'list',
        }),
      ),
      call('q3', '2026-09-30T21:59:59.999Z', { integrationId: 'isv_a' }),
      on('b', 'isv_b'),
      sms('no call', '2026-10-05T07:00:00Z', { integrationId: 'isv_sms' }),
    );
    await publishAt('2026-10-05T08:00:00Z');
    const facts = await published();
    expect(facts.map(({ key }) => key)).toEqual(['isv_a|2026-Q3', 'isv_a|2026-Q4', 'isv_b|2026-Q4']);
    expect(facts[1]!.data).toMatchObject({
      ...{ integrationId: 'isv_a', quarter: '2026-Q4', version: 30, calls: 30 },
      ...{ calls4xx: 15, calls5xx: 7, calls429: 7, callsList: 20, callsWrite: 10, callsItem: 0 },
    });
    const read = facts[1]!.data.asOf.reduce((sum, { nextOffset }) => sum + nextOffset, 0);
    expect([facts[1]!.data.asOf.length, read]).toEqual([TOPICS.apiCalls.partitions, 32]);
    expect(facts[1]!.id).toBe('dk.dinero.metering.call_totals_changed.v1/isv_a|2026-Q4/30');
  });

  it('are told of once a minute at most, whichever process does it, and not where nothing was counted', async () => {
    const [one, two] = [processAt('2026-10-05T08:00:00Z'), processAt('2026-10-05T08:00:00Z')];
    await count(on('1', 'isv_a'), on('other', 'isv_b'));
    await one.publishAt('2026-10-05T08:00:00Z');
    await count(on('2', 'isv_a'), on('2', 'isv_a'));
    await two.publishAt('2026-10-05T08:00:30Z');
    expect(await versions()).toEqual(['isv_a 1', 'isv_b 1']);
    await two.publishAt('2026-10-05T08:01:00Z');
    await one.publishAt('2026-10-05T08:03:00Z');
    expect(await versions()).toEqual(['isv_a 1', 'isv_b 1', 'isv_a 2']);
  });

  it('go on under a clock that stands still, and of a quarter long ago at the next start', async () => {
    const standing = processAt('2026-10-05T08:00:00Z');
    await count(on('1', 'isv_a'));
    await standing.publishAt('2026-10-05T08:00:00Z');
    await count(on('2', 'isv_a'));
    await standing.publishAt('2026-10-05T08:00:00Z');
    expect(await versions()).toEqual(['isv_a 1', 'isv_a 2']);
    const muchLater = Quarter.parse('2027-Q3').start.toISOString();
    await count(on('3', 'isv_a'));
    await standing.publishAt(muchLater);
    expect(await versions()).toHaveLength(2);
    await processAt(muchLater).publishAt(muchLater);
    expect((await versions()).at(-1)).toBe('isv_a 3');
  });

  it('are told once in one run, all of them, also while each grows as it is told', async () => {
    const ids = Array.from({ length: 501 }, (_, index) => `isv_${String(index).padStart(3, '0')}`);
    await count(...ids.map((integrationId) => on(integrationId, integrationId)));
    const database = metering.rooms.databases.get('metering')!;
    let pieces = 0;
    const growing = {
      transaction: async (work: (tx: EntityManager) => Promise<unknown>) => {
        pieces += 1;
        if (pieces > 5) throw new Error('it does not end');
        const result = await database.transaction(work);
        await database.query('update usage_quarter set calls = calls + 1');
        return result;
      },
    } as unknown as DataSource;
    const now = new Date('2026-10-05T08:00:00Z');
    await new CallTotals(growing, { now: () => now }, createLogger('silent')).publish();
    await metering.rooms.settle();
    expect((await published()).map(({ data }) => data.integrationId).sort()).toEqual(ids);
  });
});

async function versions(): Promise<string[]> {
  return (await published()).map(({ data }) => `${data.integrationId} ${data.version}`);
}

/** What stands in the log, as the log's own role: the room's may not read it. */
async function published(): Promise<{ key: string; id: string; data: Totals }[]> {
  const log = await openRoom(metering.rooms.databaseUrl, { name: 'event-log', migrations: [] });
  try {
    const rows = await log.query<{ key: string; value: Buffer }[]>(
      'select key, value from log_record where topic = $1 order by "offset"',
      [TOPICS.callTotals.name],
    );
    return rows.map(({ key, value }) => ({
      key,
      ...(JSON.parse(value.toString()) as { id: string; data: Totals }),
    }));
  } finally {
    await log.destroy();
  }
}
