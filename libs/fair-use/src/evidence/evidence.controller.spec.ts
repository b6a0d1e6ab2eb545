import { createHash } from 'node:crypto';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { callsInMinute, fairUseRoom, fiveMinutes, frozen, ownedBy, send } from '../fair-use.testing.js';
import { newestCase } from '../handling/handling.testing.js';
import { canonicalJson } from './canonical-json.js';

/** The evidence of a case, through the room. */

let rooms: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: '2026-10-05T10:00:00Z' });
});
afterAll(async () => {
  await rooms?.stop();
});

/** The log goes on: somebody else calls, so that the minutes up to two before are closed. */
const goesOn = (until: string) => send(rooms, callsInMinute('somebody_else', until, 2));

describe('the evidence of a case', () => {
  it('is pending until the hour is closed, and then holds what proves it, before and during, under a hash', async () => {
    await rooms.producer.append([
      ownedBy('isv_heavy', [{ partnerId: 'par_heavy', from: '2026-01-01T00:00:00Z' }]),
    ]);
    await send(rooms, callsInMinute('others', '2026-10-05T06:40:00Z', 30));
    await send(rooms, callsInMinute('others', '2026-10-05T07:01:00Z', 125));
    await send(rooms, fiveMinutes('isv_heavy', '2026-10-05T07:00:00Z', 75));
    const { id, path } = await newestCase(rooms, 'isv_heavy');
    await goesOn('2026-10-05T07:30:00Z');
    const early = await rooms.call('ops', 'GET', `${path}/evidence`);
    expect(early.body).toEqual({ pending: true, items: [] });

    await goesOn('2026-10-05T08:03:00Z');
    const pieces = await frozen(rooms, id);
    expect(pieces.map(({ occurrence, severity }) => [occurrence, severity])).toEqual([[1, 'warning']]);
    const [{ body, sha256 }] = pieces as [(typeof pieces)[0]];
    expect(createHash('sha256').update(canonicalJson(body)).digest('hex')).toBe(sha256);
    expect(body).toMatchObject({
      ruleId: 'RATE_MINUTE',
      observed: { value: 75, windowEnd: '2026-10-05T07:05:00.000Z' },
      harm: {
        before: { platform: { calls: 30 }, subject: { calls: 0, shareOfCalls: 0 } },
        during: { platform: { calls: 500, p95Ms: 90 }, subject: { calls: 375, shareOfCalls: 0.75 } },
      },
      answers: { statuses: { successes: 375 }, routes: [{ method: 'GET', calls: 375 }] },
    });
    expect(body.series.values.slice(-5)).toEqual([75, 75, 75, 75, 75]);
    expect(body.answers.routes[0]!.eventIds).toHaveLength(5);
    expect(JSON.stringify(body)).not.toContain(id);
  });

  it('shows its partner shares and no totals, and another partner nothing', async () => {
    const { path } = await newestCase(rooms, 'isv_heavy');
    const own = await rooms.call('partner', 'GET', `${path}/evidence`, { partnerId: 'par_heavy' });
    expect(own.status).toBe(200);
    expect(own.body.pending).toBe(false);
    expect(own.body.items[0].body.harm.during).toMatchObject({
      platform: { p95Ms: 90 },
      subject: { calls: 375, shareOfCalls: 0.75 },
    });
    expect(own.body.items[0].body.harm.during.platform).toEqual({ p95Ms: 90 });
    const report = await rooms.call('partner', 'GET', `${path}/report`, { partnerId: 'par_heavy' });
    expect(report.body.facts).toContainEqual({
      name: { da: 'Andel af alle kald', en: 'Share of all calls' },
      value: { da: '75 % (i tiden før: 0 %)', en: '75% (in the time before: 0%)' },
    });
    const other = await rooms.call('partner', 'GET', `${path}/evidence`, { partnerId: 'par_other' });
    expect(other.status).toBe(404);
  });

  it('is frozen once more when the case gets worse, and what was frozen stays as it is', async () => {
    const before = await rooms.call('ops', 'GET', '/v1/breaches?integrationId=isv_heavy');
    const { breachId } = before.body.items[0];
    const [first] = await frozen(rooms, breachId);
    await send(rooms, fiveMinutes('isv_worse', '2026-10-05T08:05:00Z', 75));
    await send(rooms, fiveMinutes('isv_worse', '2026-10-05T08:10:00Z', 120));
    await goesOn('2026-10-05T09:03:00Z');
    const { id } = await newestCase(rooms, 'isv_worse');
    expect((await frozen(rooms, id)).map(({ severity }) => severity)).toEqual(['warning', 'error']);
    expect(await frozen(rooms, breachId)).toEqual([first]);
  });

  it('cannot be changed or deleted by the room', async () => {
    const database = rooms.databases.get('fair-use')!;
    await expect(database.query(`update case_evidence set frozen_at = now()`)).rejects.toThrow(
      /permission denied/,
    );
    await expect(database.query(`delete from case_evidence`)).rejects.toThrow(/permission denied/);
  });
});
