import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { casesOf, fairUseRoom, fiveMinutes, NOW, recordsOf, send } from '../fair-use.testing.js';
import { ruleNamed, type Rule } from '../rules/registry.js';

/** A rule with a fault, in a room that judges by all of them. */

const rule = ruleNamed('RATE_MINUTE') as { -readonly [Name in keyof Rule]: Rule[Name] };
const sound = rule.judge;
let rooms: TestRooms;
beforeAll(async () => {
  rooms = await startTestRooms([fairUseRoom], { now: NOW });
});
afterEach(() => {
  rule.judge = sound;
});
afterAll(async () => {
  await rooms?.stop();
});

/** Too many calls, and half of them refused. */
function hasty(integrationId: string, from: string) {
  return fiveMinutes(integrationId, from, 75).map((event, index) => ({
    ...event,
    data: { ...event.data, ...(index % 2 === 0 && { status: 404 }) },
  }));
}

function breakRule() {
  rule.judge = () => {
    throw new Error('a fault of the rule');
  };
}
const unjudged = async () => (await rooms.call('ops', 'GET', '/v1/fair-use/status')).body.unjudged;
const ruleIds = async () => (await casesOf(rooms, 'isv_hasty')).map(({ ruleId }) => ruleId).sort();

describe('a rule that throws', () => {
  it('stops neither the other rules nor itself for good: what it could not judge is judged ten minutes later', async () => {
    breakRule();
    await send(rooms, hasty('isv_hasty', '2026-10-05T06:00:00Z'));
    await send(rooms, fiveMinutes('isv_later', '2026-10-05T06:30:00Z', 3));
    await send(rooms, fiveMinutes('isv_later', '2026-10-05T06:40:00Z', 3));
    expect(await ruleIds()).toEqual(['ERROR_RATIO_4XX']);
    expect(await unjudged()).toEqual([
      { ruleId: 'RATE_MINUTE', minutes: 15, since: '2026-10-05T08:00:00.000Z' },
    ]);
    rule.judge = sound;
    rooms.moveClock('2026-10-05T08:09:00Z');
    await send(rooms, fiveMinutes('isv_later', '2026-10-05T06:50:00Z', 3));
    expect(await ruleIds()).toEqual(['ERROR_RATIO_4XX']);
    rooms.moveClock('2026-10-05T08:11:00Z');
    await send(rooms, fiveMinutes('isv_later', '2026-10-05T07:00:00Z', 3));
    expect(await ruleIds()).toEqual(['ERROR_RATIO_4XX', 'RATE_MINUTE']);
    expect(await unjudged()).toEqual([]);
  });

  it('leaves its open cases as they are, while those of other rules are over', async () => {
    await send(rooms, hasty('isv_goes_on', '2026-10-05T07:10:00Z'));
    await send(rooms, fiveMinutes('isv_later', '2026-10-05T07:15:00Z', 3));
    breakRule();
    await rooms.producer.append(recordsOf(fiveMinutes('isv_later', '2026-10-05T07:50:00Z', 3), 500));
    const states = async () =>
      (await casesOf(rooms, 'isv_goes_on')).map(({ ruleId, state }) => [ruleId, state]);
    for (let tries = 0; tries < 200 && (await states())[0]![1] === 'open'; tries += 1) await sleep(50);
    expect(await states()).toEqual([
      ['ERROR_RATIO_4XX', 'resolved'],
      ['RATE_MINUTE', 'open'],
    ]);
  });
});
