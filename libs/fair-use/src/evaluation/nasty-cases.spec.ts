import type { ApiCallEvent } from '@taxameter/contracts';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { callsInMinute, casesOf, fairUseRoom, fiveMinutes, NOW, send } from '../fair-use.testing.js';
import { callAt } from '../signals/signals.testing.js';

/** Cases of the domain's list of nasty ones, through the whole room. Others of them stand in `evaluator.service.spec.ts`. */

const MINUTE_MS = 60_000;

describe('a rate exactly at the limit of the API, 100 in the minute (case 31)', () => {
  let rooms: TestRooms;
  beforeAll(async () => {
    rooms = await startTestRooms([fairUseRoom], { now: NOW });
  });
  afterAll(() => rooms?.stop());

  const FROM = Date.parse('2026-10-05T07:00:00Z');
  const item = { operation: 'item', route: '/v1/{organizationId}/contacts/{id}' } as const;
  /** The first call of each minute at :00.000 and the last at :59.999, which border on the minutes beside it. */
  const toTheBorders = (integrationId: string, count: number, minutes: number) =>
    Array.from({ length: minutes }, (_, minute) => {
      const time = new Date(FROM + minute * MINUTE_MS).toISOString();
      return callsInMinute(integrationId, time, count);
    }).flat();

  it.each([
    [99, 'error', 99, 90],
    [100, 'critical', 100, 100],
    [101, 'critical', 101, 100],
  ])('is %d a minute for ten minutes: %s', async (count, severity, value, threshold) => {
    const integrationId = `at_${count}`;
    const calls = toTheBorders(integrationId, count, 10);
    expect(calls.filter(({ time }) => time.endsWith(':59.999Z'))).toHaveLength(10);
    expect(calls.filter(({ time }) => time.endsWith(':00.000Z'))).toHaveLength(10);
    await send(rooms, calls);
    const found = await casesOf(rooms, integrationId);
    const rate = found.find(({ ruleId }) => ruleId === 'RATE_MINUTE');
    expect(rate).toMatchObject({ severity, observed: { value }, threshold });
    for (const line of rate!.evidence) expect(line.value).toBe(count);
  });

  it('counts a call at :59.999 and one at :00.000 each in its own minute, and neither twice', async () => {
    const at = (ms: number) => callAt(new Date(ms).toISOString(), { integrationId: 'bordering', ...item });
    const minutes = [0, 1, 2, 3, 4];
    const within = minutes.flatMap((minute) =>
      Array.from({ length: 48 }, (_, index) => at(FROM + minute * MINUTE_MS + (index + 1) * 1_000)),
    );
    const ends = minutes.map((minute) => at(FROM + minute * MINUTE_MS + 59_999));
    await send(rooms, [...within, ...ends]);
    expect(await casesOf(rooms, 'bordering')).toEqual([]);
    // A millisecond later each: four of the minutes have 50 now, the first has not, and the sixth has one.
    await send(
      rooms,
      minutes.map((minute) => at(FROM + (minute + 1) * MINUTE_MS)),
    );
    expect(await casesOf(rooms, 'bordering')).toEqual([]);
    await send(rooms, [at(FROM)]);
    const [found] = await casesOf(rooms, 'bordering');
    expect(found).toMatchObject({ ruleId: 'RATE_MINUTE', severity: 'info', observed: { value: 50 } });
    expect(found!.evidence.map(({ value }) => value)).toEqual([50, 50, 50, 50, 50]);
  });
});

describe('two hours in which the log could not be reached, and then come within five minutes (case 34)', () => {
  const EARLY = '2026-10-05T05:00:00Z';
  const LATE = '2026-10-05T06:50:00Z';
  const calm = (from: string, minutes: number) =>
    Array.from({ length: minutes }, (_, minute) =>
      callsInMinute('calm', new Date(Date.parse(from) + minute * MINUTE_MS).toISOString(), 20),
    ).flat();
  const early = () => [...calm(EARLY, 5), ...fiveMinutes('wild_early', EARLY, 75)];
  const late = () => [...calm('2026-10-05T05:05:00Z', 110), ...fiveMinutes('wild_late', LATE, 75)];

  /** The cases of a room that was sent each part when the clock stood at an instant. */
  async function casesAfter(parts: readonly (readonly [now: string, calls: readonly ApiCallEvent[]])[]) {
    const holder = await startTestRooms([]);
    try {
      for (const [now, calls] of parts) {
        const rooms = await startTestRooms([fairUseRoom], { now, databaseUrl: holder.databaseUrl });
        await send(rooms, calls).finally(() => rooms.stop());
      }
      const rooms = await startTestRooms([fairUseRoom], { now: NOW, databaseUrl: holder.databaseUrl });
      const names = ['calm', 'wild_early', 'wild_late'];
      const cases = Promise.all(names.map((name) => casesOf(rooms, name)));
      return (await cases.finally(() => rooms.stop())).flat();
    } finally {
      await holder.stop();
    }
  }

  it('end in the cases that there would have been, by event time, and wake nobody for what is long past', async () => {
    const live = await casesAfter([
      ['2026-10-05T05:06:00Z', early()],
      ['2026-10-05T06:56:00Z', late()],
    ]);
    const backlog = await casesAfter([['2026-10-05T07:05:30Z', [...early(), ...late()]]]);
    const judged = ({
      ruleId,
      severity,
      scope,
      observed,
      threshold,
      evidence,
      guidance,
      peak,
    }: (typeof live)[0]) => {
      return { ruleId, severity, scope, observed, threshold, evidence, guidance, peak };
    };
    expect(live.map(({ scope, ruleId, severity }) => [scope.integrationId, ruleId, severity])).toEqual([
      ['wild_early', 'RATE_MINUTE', 'warning'],
      ['wild_late', 'RATE_MINUTE', 'warning'],
    ]);
    expect(backlog.map(judged)).toEqual(live.map(judged));
    expect(live.map(({ retroactive }) => retroactive)).toEqual([false, false]);
    expect(backlog.map(({ retroactive }) => retroactive)).toEqual([true, false]);
  });
});
