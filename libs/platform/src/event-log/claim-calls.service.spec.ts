import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { openTestRoom } from '../testing/index.js';
import { claimCalls, copyIdentities, identitiesOf, insertIdentities } from './claim-calls.service.js';
import { call } from './contract/event-log.contract.js';
import { probeRoom } from './contract/probe-room.consumer.js';
import type { ReceivedEvent } from './decode-record.js';

let database: DataSource;
let close: () => Promise<void>;

const DAYS = ['2026-10-04', '2026-10-05'];

function received(id: string, day = DAYS[0]!, route = '/v1/x'): ReceivedEvent {
  const event = call(id, route, `${day}T07:59:00Z`);
  const position = { topic: 'usage.api-calls.v1', partition: 0, offset: 0, index: 0 };
  return { position, event, time: new Date(event.time), appendedAt: new Date(event.time), key: null };
}

const many = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => received(`call-${from + index}`));
const storedCalls = async () =>
  (await database.query<[{ count: number }]>('select count(*) from seen_call'))[0].count;
const claim = (events: readonly ReceivedEvent[]) => database.transaction((tx) => claimCalls(tx, events));

beforeAll(async () => {
  ({ database, close } = await openTestRoom(probeRoom));
  for (const day of DAYS) await database.query('select ensure_seen_call_day($1::date)', [day]);
});

afterAll(() => close());

beforeEach(() => database.query('delete from seen_call'));

describe('claiming the identities of calls', () => {
  it('takes each identity once, by COPY as by the statement, whatever the batches', async () => {
    const event = fc
      .record({ id: fc.integer({ min: 0, max: 60 }), day: fc.constantFrom(...DAYS) })
      .map(({ id, day }) => received(`call-${id}`, day));
    const batches = fc.array(fc.array(event, { minLength: 1, maxLength: 40 }), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(batches, async (all) => {
        const answers: string[][][] = [];
        for (const way of ['copy', 'statement']) {
          await database.query('delete from seen_call');
          const fresh: string[][] = [];
          for (const batch of all) {
            const identities = identitiesOf(batch);
            fresh.push(
              await database.transaction(async (tx) => {
                if (way === 'copy' && (await copyIdentities(tx, identities))) return [...identities.keys()];
                const inserted = await insertIdentities(tx, identities);
                return [...identities].filter(([, first]) => inserted.has(first)).map(([key]) => key);
              }),
            );
          }
          answers.push(fresh);
        }
        expect(answers[0]).toEqual(answers[1]);
        expect(await storedCalls()).toBe(new Set(answers[0]!.flat()).size);
      }),
      { numRuns: 25 },
    );
  });

  it('leaves the transaction usable and nothing of the batch behind when COPY meets one known identity', async () => {
    await claim(many(0, 150));
    await database.transaction(async (tx) => {
      expect(await copyIdentities(tx, identitiesOf(many(149, 150)))).toBe(false);
      const fresh = await insertIdentities(tx, identitiesOf(many(149, 150)));
      expect(fresh.size).toBe(149);
    });
    expect(await storedCalls()).toBe(299);
  });

  it('goes by COPY until a duplicate comes, and again after four batches without one', async () => {
    const ways: string[] = [];
    const numbers = [0, 150, 200, 400, 600, 800, 1_000, 1_200];
    for (const from of numbers) ways.push((await claim(many(from, 150))).way);
    // 200 meets 150 to 299: refused, by statement.
    expect(ways).toEqual(['copy', 'copy', ...Array<string>(5).fill('statement'), 'copy']);
    expect(await storedCalls()).toBe(150 + 200 + 5 * 150);
  });

  it('hands over the first of two copies in one batch', async () => {
    const [first, copy] = [received('twice'), received('twice')];
    const { fresh } = await claim([...many(0, 120), first, copy]);
    expect([fresh.has(first), fresh.has(copy)]).toEqual([true, false]);
  });
});

describe('comparing the bodies of calls', () => {
  const compare = (events: readonly ReceivedEvent[]) =>
    database.transaction((tx) => claimCalls(tx, events, { comparesBodies: true }));
  const changed = (id: string) => received(id, DAYS[0], '/v1/changed');

  it('tells a copy from another body, by COPY as by the statement, within a batch as between batches', async () => {
    for (const fillers of [0, 150]) {
      await database.query('delete from seen_call');
      const [first, copy, other] = [received('one'), received('one'), changed('one')];
      const one = await compare([...many(0, fillers), first, copy, other]);
      expect([first, copy, other].map((event) => one.fresh.has(event))).toEqual([true, false, false]);
      expect([...one.conflicts]).toEqual([other]);
      const [again, otherAgain, fresh] = [received('one'), changed('one'), received('two')];
      const two = await compare([again, otherAgain, fresh]);
      expect([...two.fresh]).toEqual([fresh]);
      expect([...two.conflicts]).toEqual([otherAgain]);
    }
  });

  it('takes a call that was kept without its body for a copy, whatever comes', async () => {
    await claim([received('before')]);
    const { fresh, conflicts } = await compare([changed('before')]);
    expect([fresh.size, conflicts.size]).toEqual([0, 0]);
  });

  it('keeps no body and finds no conflict where it is switched off', async () => {
    await compare([received('kept')]);
    const { conflicts } = await claim([changed('kept'), received('bare'), changed('bare')]);
    expect(conflicts.size).toBe(0);
    expect(await database.query('select count(*), count(body_hash) as bodies from seen_call')).toEqual([
      { count: 2, bodies: 1 },
    ]);
  });
});
