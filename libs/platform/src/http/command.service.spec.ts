import type { Role } from '../database/actor.js';
import { startTestRooms, type TestRooms } from '../testing/index.js';
import { httpProbeRoom } from './http-probe-room.testing.js';

let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startTestRooms([httpProbeRoom]);
});

afterAll(async () => {
  await rooms?.stop();
});

const create = (
  key: string | null,
  name: string,
  { query = '', role = 'ops' }: { query?: string; role?: Role } = {},
) =>
  rooms.call(role, 'POST', `/v1/probe/things${query}`, {
    body: { name },
    headers: key === null ? {} : { 'idempotency-key': key },
  });
const things = async (name: string) =>
  (
    await rooms.databases
      .get('http-probe')!
      .query<{ count: number }[]>('select count(*) as count from thing where name = $1', [name])
  )[0]!.count;

describe('runCommand', () => {
  it('has one effect and one answer when the same key arrives eight times at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => create('at-once', 'at once')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    for (const { body } of answers) expect(body).toEqual(answers[0]!.body);
    expect(await things('at once')).toBe(1);
  });

  it('repeats the first answer later', async () => {
    const first = await create('later', 'later');
    expect((await create('later', 'later')).body).toEqual(first.body);
    expect(await things('later')).toBe(1);
  });

  it('acts each time without a key', async () => {
    await create(null, 'no key');
    await create(null, 'no key');
    expect(await things('no key')).toBe(2);
  });

  it('refuses a key that was used for another body or query, and does nothing', async () => {
    await create('reused', 'one');
    for (const answer of [
      await create('reused', 'other'),
      await create('reused', 'one', { query: '?dryRun=yes' }),
    ]) {
      expect([answer.status, answer.body.type]).toEqual([
        422,
        'urn:taxameter:problem:idempotency-key-reused',
      ]);
    }
    expect([await things('one'), await things('other')]).toEqual([1, 0]);
  });

  it('keeps the keys of two people apart', async () => {
    await create('mine', 'two people');
    expect((await create('mine', 'two people', { role: 'admin' })).status).toBe(201);
    expect(await things('two people')).toBe(2);
  });

  it('forgets the key of a command that failed, so that it can be tried again', async () => {
    expect((await create('failed', 'refused by the database')).status).toBe(500);
    expect((await create('failed', 'mended')).status).toBe(201);
    expect(await things('mended')).toBe(1);
  });

  it.each(['', 'æ', 'x'.repeat(256), 'two words'])('does not take %j for a key', async (key) => {
    const answer = await create(key, 'bad key').catch(() => ({ status: 400 }));
    expect(answer.status).toBe(400);
    expect(await things('bad key')).toBe(0);
  });
});
