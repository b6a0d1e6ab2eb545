import { TOPICS } from '@taxameter/contracts';
import { startTestRooms, type TestRooms } from '../testing/index.js';
import { call, record, sms } from './contract/event-log.contract.js';
import { probeRoom } from './contract/probe-room.consumer.js';
import { BATCH_CONTENT_TYPE, STRUCTURED_CONTENT_TYPE } from './record.js';

/** Input that other hands could write to the log and that once stopped a partition, or well could. */
let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startTestRooms([probeRoom]);
});

afterAll(async () => {
  await rooms?.stop();
});

const deep = '['.repeat(20_000) + ']'.repeat(20_000);
const withDeep = (event: object) => JSON.stringify(event).replace('"data":{', `"data":{"unknown":${deep},`);
const api = (text: string, contentType = STRUCTURED_CONTENT_TYPE) =>
  record('isv_a|1', new TextEncoder().encode(text), contentType, TOPICS.apiCalls);
const message = (text: string) =>
  record('m', new TextEncoder().encode(text), STRUCTURED_CONTENT_TYPE, TOPICS.smsSent);

const badCall = { ...call('bad'), data: { ...call('bad').data, status: 'x' } };

const CASES: [string, ReturnType<typeof api>, string][] = [
  ['a type with NUL', api(JSON.stringify({ ...call('nul'), type: '\u0000' })), 'unknown_type'],
  [
    'a type with half a surrogate pair',
    api(JSON.stringify({ ...call('half'), type: '\ud800' })),
    'unknown_type',
  ],
  [
    'a binary type with NUL',
    {
      ...api('{}', 'application/json'),
      headers: { 'content-type': 'application/json', ce_type: 'x\\u0000' },
    },
    'unknown_type',
  ],
  ['a bad event 20,000 levels deep', api(withDeep(badCall)), 'breaks_schema'],
  [
    'a bad event 20,000 levels deep in a batch',
    api(`[${withDeep(badCall)}]`, BATCH_CONTENT_TYPE),
    'breaks_schema',
  ],
  ['a million brackets', api('['.repeat(1_000_000)), 'not_json'],
  ['bytes that are not UTF-8', { ...api('x'), value: new Uint8Array([0x22, 0xff, 0x22]) }, 'not_json'],
  ['an empty record', api(''), 'not_json'],
  ['a batch that is none', api('{}', BATCH_CONTENT_TYPE), 'not_a_batch'],
  [
    'an event that the room refuses and that is 20,000 levels deep',
    message(withDeep(sms('deep', '/sms-service/a', { recipientMasked: 'unwanted' }))),
    'unwanted',
  ],
  [
    'another body under a known message id, 20,000 levels deep',
    message(withDeep(sms('known', '/sms-service/a', { segments: 2 }))),
    'conflicting_duplicate',
  ],
];

describe('a partition', () => {
  it.each(CASES)('goes on after %s, which is in quarantine with its bytes', async (_, bad, reason) => {
    const database = rooms.databases.get('probe')!;
    await rooms.producer.append([message(JSON.stringify(sms('known')))]);
    await rooms.settle();
    await database.query('delete from quarantine');
    await database.query('delete from effect');
    const id = `after ${_}`;
    await rooms.producer.append([
      bad,
      api(JSON.stringify(call(id, '/after'))),
      message(JSON.stringify(sms(id.replaceAll(' ', '-')))),
    ]);
    await rooms.settle();
    const rows = await database.query<{ reason: string; bytes: number }[]>(
      'select reason, length(bytes) as bytes from quarantine',
    );
    expect(rows.map((row) => row.reason)).toEqual([reason]);
    if (bad.value!.length > 0) expect(rows[0]!.bytes).toBeGreaterThan(0);
    expect((await database.query<unknown[]>("select from effect where what like '%after%'")).length).toBe(2);
    expect(rooms.system.consumers().filter(({ state }) => state !== 'running')).toEqual([]);
  });
});
