import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import type { ApiCallEvent } from '@taxameter/contracts';
import { callsInMinute, fairUseRoom, fiveMinutes, send } from '../fair-use.testing.js';
import { factsAbout, newestCase, reader } from '../handling/handling.testing.js';

/** Cases that are over by themselves, through the room. */

let rooms: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom, reader], { now: '2026-10-05T20:00:00Z' });
});
afterAll(async () => {
  await rooms?.stop();
});

const minuteAt = (from: string, minute: number) => new Date(Date.parse(from) + minute * 60_000).toISOString();
/** So many calls in each of some minutes. */
const minutes = (integrationId: string, from: string, counts: readonly number[]): ApiCallEvent[] =>
  counts.flatMap((count, minute) => callsInMinute(integrationId, minuteAt(from, minute), count));
/** The log goes on: somebody else calls, so that the minutes up to two before are closed. */
const goesOn = (until: string) => send(rooms, callsInMinute('somebody_else', until, 2));
const kindsOf = async (path: string): Promise<string[]> =>
  (await rooms.call('ops', 'GET', `${path}/timeline`)).body.items.map(({ kind }: { kind: string }) => kind);

describe('a case', () => {
  it('is one and not thirty when the value swings 71, 69, 71, 69 around 70 for an hour, and is over a quarter after (case 33)', async () => {
    const counts = Array.from({ length: 60 }, (_, minute) => (minute % 2 === 0 ? 71 : 69));
    for (let from = 0; from < 60; from += 5) {
      await send(
        rooms,
        minutes('swings', minuteAt('2026-10-05T06:00:00Z', from), counts.slice(from, from + 5)),
      );
      await goesOn(minuteAt('2026-10-05T06:04:00Z', from));
    }
    const { id, path, read } = await newestCase(rooms, 'swings');
    expect(await read()).toMatchObject({ state: 'open', severity: 'warning', occurrence: 1 });
    await goesOn('2026-10-05T07:26:00Z');
    // At 07:09 five minutes of fifteen were above 40 for the last time: fifteen minutes later it is over.
    expect(await read()).toMatchObject({ state: 'open' });
    await goesOn('2026-10-05T07:27:00Z');
    expect(await read()).toMatchObject({
      state: 'resolved',
      severity: 'warning',
      occurrence: 1,
      resolvedThrough: '2026-10-05T07:24:00.000Z',
      resolvedReason: 'cleared',
      handling: { state: 'resolved', deadline: null },
    });
    const { body } = await rooms.call('ops', 'GET', '/v1/breaches?integrationId=swings&ruleId=RATE_MINUTE');
    expect(body.items).toHaveLength(1);
    const news = (await factsAbout(rooms, id)).filter(({ type }) => !type.includes('revised'));
    expect(news.map(({ type }) => type.split('.').at(-2))).toEqual([
      'breach_opened',
      'breach_escalated',
      'breach_resolved',
    ]);
    expect((await kindsOf(path))[0]).toBe('resolved');
  }, 120_000);

  it('is over also when the partner was contacted about it, and is the same case when the rule is broken again', async () => {
    await send(rooms, fiveMinutes('told', '2026-10-05T08:00:00Z', 75));
    const { post, read, id } = await newestCase(rooms, 'told');
    expect((await post('contact')).status).toBe(200);
    await goesOn('2026-10-05T09:00:00Z');
    expect(await read()).toMatchObject({ state: 'resolved', handling: { state: 'resolved' } });
    await send(rooms, fiveMinutes('told', '2026-10-05T09:10:00Z', 55));
    expect(await read()).toMatchObject({ breachId: id, state: 'open', occurrence: 2, severity: 'info' });
    expect(await read()).not.toHaveProperty('resolvedReason');
    expect((await read()).handling.state).toBe('open');
  });

  it('that a person has opened again is not over for what was quiet before', async () => {
    await send(rooms, fiveMinutes('held', '2026-10-05T08:00:00Z', 75));
    const { post, read } = await newestCase(rooms, 'held');
    await goesOn('2026-10-05T09:20:00Z');
    expect(await read()).toMatchObject({ state: 'resolved', resolvedReason: 'cleared' });
    expect((await post('reopen', { reason: 'ikke rettet' })).status).toBe(200);
    await goesOn('2026-10-05T09:40:00Z');
    expect(await read()).toMatchObject({ state: 'open', occurrence: 1 });
    expect((await post('resolve', { reason: 'rettet' })).status).toBe(200);
    expect(await read()).toMatchObject({ state: 'resolved', resolvedReason: 'manual' });
  });

  it('ends in the same occurrences when a whole morning is read at once as when it is read three minutes at a time', async () => {
    const counts = [...Array(5).fill(75), ...Array(40).fill(1), ...Array(6).fill(92), ...Array(50).fill(0)];
    const morning = (name: string) => minutes(name, '2026-10-05T10:00:00Z', [...counts, ...counts]);
    const piecemeal = morning('piecemeal');
    for (let minute = 0; minute < 2 * counts.length; minute += 3) {
      const from = Date.parse(minuteAt('2026-10-05T10:00:00Z', minute));
      const own = piecemeal.filter(
        ({ time }) => Date.parse(time) >= from && Date.parse(time) < from + 180_000,
      );
      if (own.length > 0) await send(rooms, own.toReversed(), 11);
    }
    await goesOn('2026-10-05T14:00:00Z');
    await send(rooms, morning('at_once'), 40);
    const figures = [];
    for (const name of ['at_once', 'piecemeal']) {
      const { severity, state, occurrence, observed, evidence, peak, resolvedThrough } = await (
        await newestCase(rooms, name)
      ).read();
      figures.push({ severity, state, occurrence, observed, evidence, peak, resolvedThrough });
    }
    expect(figures[0]).toMatchObject({ state: 'resolved', occurrence: 4, severity: 'error' });
    expect(figures[1]).toEqual(figures[0]);
  });

  it('comes and goes when it was opened again four times in a day, and says so once', async () => {
    const counts = [...Array(5).fill(75), ...Array(35).fill(0)];
    await send(rooms, minutes('flaps', '2026-10-05T06:00:00Z', Array(4).fill(counts).flat()));
    await goesOn('2026-10-05T15:00:00Z');
    const { read, path } = await newestCase(rooms, 'flaps');
    expect(await read()).toMatchObject({ occurrence: 4 });
    expect(await read()).not.toHaveProperty('flapping');
    await send(rooms, minutes('flaps', '2026-10-05T15:10:00Z', [...counts, ...counts]));
    await goesOn('2026-10-05T17:00:00Z');
    expect(await read()).toMatchObject({ occurrence: 6, state: 'resolved', flapping: true });
    expect((await kindsOf(path)).filter((kind) => kind === 'flapping')).toHaveLength(1);
  });
});
