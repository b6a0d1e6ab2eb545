import type { ApiCallEvent } from '@taxameter/contracts';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { fairUseRoom, fiveMinutes, NOW, send } from '../fair-use.testing.js';
import { callAt } from '../signals/signals.testing.js';
import { newestCase, openCase } from './handling.testing.js';

const TEN_DAYS = '2026-10-19T22:00:00.000Z';

let rooms: TestRooms;
/** Other processes on the same database, whose clocks stand at half past nine of the same day and of the day after tomorrow. */
let later: TestRooms;
let wednesday: TestRooms;
// For each test: the log of one must not close the minutes of the next, or its cases are over by themselves.
const start = async () => {
  rooms = await startTestRooms([fairUseRoom], { now: NOW });
  const { databaseUrl } = rooms;
  later = await startTestRooms([fairUseRoom], { now: '2026-10-05T09:30:00Z', databaseUrl });
  wednesday = await startTestRooms([fairUseRoom], { now: '2026-10-07T09:30:00Z', databaseUrl });
};
const stop = async () => {
  await wednesday?.stop();
  await later?.stop();
  await rooms?.stop();
};
beforeEach(start);
afterEach(stop);

const idsOf = async (query: string): Promise<string[]> =>
  (await rooms.call('ops', 'GET', `/v1/breaches?${query}`)).body.items.map(
    ({ breachId }: { breachId: string }) => breachId,
  );
/** What was told of a case, oldest first. Facts of later clocks would come from the future to a reader of the first. */
const changesOf = ({ versions }: { versions: { change: string }[] }) => versions.map(({ change }) => change);
/** So many full fetches of a list within a minute. */
const sweeps = (integrationId: string, minute: string, count: number) =>
  Array.from({ length: count }, (_, index) =>
    callAt(new Date(Date.parse(minute) + index * 1000).toISOString(), { integrationId }),
  );

/** Out of order by less than a minute, so that no call comes after its minute is closed. */
const backwardsInRuns = (calls: readonly ApiCallEvent[]) =>
  calls.map((_, index) => calls[Math.min(calls.length, index - (index % 20) + 20) - 1 - (index % 20)]!);

describe('a case that a person has settled', () => {
  it('is not opened by late calls from before, which correct it, and is by later ones of the same day', async () => {
    const { id, post, read, path } = await openCase(rooms, 'isv_again');
    await post('assign', { assignee: 'tok_1' });
    await post('resolve', { reason: 'rettet' });
    await send(later, fiveMinutes('isv_again', '2026-10-05T06:30:00Z', 95));
    expect(await read()).toMatchObject({
      state: 'resolved',
      severity: 'error',
      occurrence: 1,
      observed: { windowEnd: '2026-10-05T06:35:00.000Z' },
      handling: { state: 'resolved', deadline: null },
    });
    await send(later, fiveMinutes('isv_again', '2026-10-05T09:00:00Z', 55));
    expect(await idsOf('integrationId=isv_again')).toEqual([id]);
    expect(await read()).toMatchObject({
      state: 'open',
      severity: 'info',
      occurrence: 2,
      observed: { value: 55, windowEnd: '2026-10-05T09:05:00.000Z' },
      handling: { state: 'open', assignee: 'tok_1', deadline: null },
    });
    expect(await read()).not.toHaveProperty('resolvedThrough');
    expect(changesOf(await read())).toEqual(['opened', 'resolved', 'escalated', 'opened']);
    const { items } = (await rooms.call('ops', 'GET', `${path}/timeline`)).body;
    expect(items.map(({ text }: { text: { da: string } }) => text.da)).toContain(
      'Reglen er brudt igen (til orientering): målt 55, grænse 50.',
    );
  });

  it('leaves what is broken later than a day to another case, and can then not be opened again', async () => {
    const { id, post, read } = await openCase(rooms, 'isv_other');
    await post('resolve', { reason: 'rettet' });
    await send(wednesday, fiveMinutes('isv_other', '2026-10-07T09:00:00Z', 55));
    const [newest, oldest] = await idsOf('integrationId=isv_other');
    expect([oldest, newest === id]).toEqual([id, false]);
    const refused = await post('reopen', { reason: 'forkert' });
    expect([refused.status, refused.body]).toMatchObject([409, { breachId: newest }]);
    await send(later, fiveMinutes('isv_other', '2026-10-05T06:30:00Z', 95));
    expect(await read()).toMatchObject({ state: 'resolved', severity: 'error', occurrence: 1 });
    expect(await idsOf('integrationId=isv_other&state=open')).toEqual([newest]);
  });

  it('is open again when that is taken back, and is judged over the minute that was settled', async () => {
    await send(rooms, sweeps('isv_back', '2026-10-05T07:30:00Z', 11));
    const { post, read } = await newestCase(rooms, 'isv_back');
    await post('resolve', { reason: 'rettet' });
    await send(later, sweeps('isv_back', '2026-10-05T08:10:00Z', 3));
    expect(await read()).toMatchObject({ state: 'resolved', severity: 'info' });
    expect((await post('reopen', { reason: 'ikke rettet' })).body).toMatchObject({
      state: 'open',
      changed: true,
    });
    await send(later, []);
    expect(await read()).toMatchObject({
      state: 'open',
      severity: 'warning',
      occurrence: 1,
      observed: { value: 14, windowEnd: '2026-10-05T08:11:00.000Z' },
      handling: { deadline: TEN_DAYS },
    });
    expect(changesOf(await read())).toEqual(['opened', 'resolved', 'reopened', 'escalated']);
  });

  it('ends in the same figures however the calls around it were cut and ordered', async () => {
    const figures: unknown[] = [];
    for (const [integrationId, size, isBackwards] of [
      ['isv_cut_a', 500, false],
      ['isv_cut_b', 7, true],
    ] as const) {
      if (isBackwards) await stop().then(start);
      const { post, read } = await openCase(rooms, integrationId);
      await post('resolve', { reason: 'rettet' });
      const calls = [
        ...fiveMinutes(integrationId, '2026-10-05T07:04:00Z', 20),
        ...fiveMinutes(integrationId, '2026-10-05T07:58:00Z', 60),
        ...fiveMinutes(integrationId, '2026-10-05T08:01:00Z', 30),
        ...fiveMinutes(integrationId, '2026-10-05T08:04:00Z', 30),
        ...fiveMinutes(integrationId, '2026-10-05T08:40:00Z', 92),
      ];
      await send(later, isBackwards ? backwardsInRuns(calls) : calls, size);
      const { severity, state, occurrence, observed, threshold, evidence, peak } = await read();
      figures.push({ severity, state, occurrence, observed, threshold, evidence, peak });
    }
    expect(figures[0]).toMatchObject({ state: 'open', occurrence: 2, severity: 'error' });
    expect(figures[1]).toEqual(figures[0]);
  });
});
