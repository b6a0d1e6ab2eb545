import { TOPICS } from '@taxameter/contracts';
import { call, record, sms } from '../event-log/contract/event-log.contract.js';
import { probeRoom } from '../event-log/contract/probe-room.consumer.js';
import { httpProbeRoom } from '../http/http-probe-room.testing.js';
import { runSqlAsOwner, startTestRooms, type TestAnswer, type TestRooms } from '../testing/index.js';
import type { QuarantineItem } from './quarantine-routes.js';

const API = TOPICS.apiCalls.name;
let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startTestRooms([probeRoom, httpProbeRoom]);
});

beforeEach(async () => {
  await runSqlAsOwner(
    rooms.databaseUrl,
    `truncate probe.quarantine, http_probe.quarantine, probe.seen_call, probe.seen_message cascade;
     alter table probe.effect drop constraint if exists effect_what_check;
     alter table probe.effect add constraint effect_what_check check (what not like 'poison%') not valid`,
  );
});

afterAll(async () => {
  await rooms?.stop();
});

const badCall = (id: string) => ({ ...call(id), data: { ...call(id).data, status: 'x' } });
const text = (value: string) =>
  record('isv_a|1', new TextEncoder().encode(value), 'application/cloudevents+json', TOPICS.apiCalls);
const append = async (...records: ReturnType<typeof record>[]) => {
  await rooms.producer.append(records);
  await rooms.settle();
};
const list = async (query = ''): Promise<TestAnswer & { items: QuarantineItem[] }> => {
  const answer = await rooms.call('ops', 'GET', `/v1/quarantine${query}`);
  return { ...answer, items: (answer.body as { items: QuarantineItem[] }).items };
};
const show = ({ room, topic, partition, offset, index }: QuarantineItem) =>
  rooms.call('ops', 'GET', `/v1/quarantine/${room}/${topic}/${partition}/${offset}/${index}`);
const command = (name: string, body: object, headers: Record<string, string> = {}) =>
  rooms.call('ops', 'POST', `/v1/quarantine/${name}`, {
    body: { room: 'probe', reason: 'agreed with the sender', ...body },
    headers,
  });
const codeOf = (sql: string) =>
  rooms.databases
    .get('probe')!
    .query(sql)
    .then(
      () => 'done',
      (error: unknown) => (error as { code?: string }).code,
    );

describe('the list of quarantined events', () => {
  it('names reason, field, position, times and size of an open item, and not its bytes', async () => {
    await append(record('isv_a|1', badCall('one')));
    const { status, body } = await list();
    expect(status).toBe(200);
    expect(body).toEqual({
      items: [
        {
          ...{
            room: 'probe',
            topic: API,
            partition: expect.any(Number),
            generation: 0,
            offset: expect.any(Number),
            index: 0,
          },
          ...{ reason: 'breaks_schema', field: 'data.status', detail: expect.any(String) },
          ...{ appendedAt: '2026-10-05T08:00:00.000Z', quarantinedAt: '2026-10-05T08:00:00.000Z' },
          sizeBytes: JSON.stringify(badCall('one')).length,
          ...{ state: 'open', decidedAt: null, decidedBy: null, decisionReason: null },
        },
      ],
      nextCursor: null,
      counts: [{ reason: 'breaks_schema', count: 1 }],
    });
  });

  it('is paged over rooms and partitions without a gap and without a repetition', async () => {
    const keys = ['isv_a|1', 'isv_b|2', 'isv_c|3', 'isv_d|4'];
    await append(
      ...keys.flatMap((key) => [1, 2, 3].map((number) => record(key, badCall(`${key} ${number}`)))),
    );
    // Another room with items of the same instant.
    await rooms.databases.get('http-probe')!.query(
      `insert into quarantine (topic, partition, "offset", index, reason, field, detail, bytes, appended_at, quarantined_at)
       select $1, 0, number, 0, 'not_json', '', '', '', $2, $2 from generate_series(1, 3) as number`,
      [API, new Date('2026-10-05T08:00:00Z')],
    );
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body, items } = await list(`?limit=4${cursor && `&cursor=${cursor}`}`);
      seen.push(...items.map(({ room, partition, offset }) => `${room} ${partition} ${offset}`));
      expect(items.length).toBeLessThanOrEqual(4);
      cursor = (body.nextCursor as string | null) ?? '';
    } while (cursor !== '');
    expect(seen).toHaveLength(15);
    expect(new Set(seen).size).toBe(15);
    expect(
      (await list('?limit=500')).items.map(({ room, partition, offset }) => `${room} ${partition} ${offset}`),
    ).toEqual(seen);
  });

  it('is narrowed by room, topic, reason and state, while the counts tell the other reasons too', async () => {
    const segments = { segments: 3 };
    await append(record('isv_a|1', badCall('one')), text('{"half'), text('{"half'));
    await append(record('m', sms('m')), record('m', sms('m', '/sms-service/a', segments)));
    const reasons = async (query: string) => (await list(query)).items.map(({ reason }) => reason);
    expect(await reasons(`?topic=${TOPICS.smsSent.name}`)).toEqual(['conflicting_duplicate']);
    expect(await reasons('?reason=not_json')).toEqual(['not_json', 'not_json']);
    expect(await reasons('?room=http-probe')).toEqual([]);
    expect(await reasons('?state=discarded')).toEqual([]);
    expect((await list(`?reason=not_json&topic=${API}&limit=1`)).body.counts).toEqual([
      { reason: 'breaks_schema', count: 1 },
      { reason: 'not_json', count: 2 },
    ]);
  });

  it.each([
    ['a cursor that is none of ours', '?cursor=bm9uc2Vuc2U', 400, 'cursor must be the nextCursor'],
    ['a cursor with a place of the wrong kind', `?cursor=${btoa('["x","a","b",1,2,3]')}`, 400, 'cursor must'],
    ['a state that there is not', '?state=gone', 400, 'state'],
    ['a room that is not here', '?room=billing', 404, 'which has probe, http-probe'],
  ])('refuses %s with a sentence', async (_, query, status, sentence) => {
    const answer = await list(query);
    expect([answer.status, answer.body.detail]).toEqual([status, expect.stringContaining(sentence)]);
  });

  it('is for ops: finance and ingest get 403', async () => {
    for (const role of ['finance', 'ingest', 'partner'] as const) {
      expect((await rooms.call(role, 'GET', '/v1/quarantine')).status).toBe(403);
    }
  });
});

describe('one quarantined event', () => {
  it('is shown as text where it is JSON and in base64 where it is not', async () => {
    const binary = new Uint8Array([0x22, 0xff, 0x22]);
    await append(record('isv_a|1', badCall('one')), { ...text('x'), value: binary });
    const [notUtf8, json] = (await list()).items;
    expect(JSON.parse((await show(json!)).body.bytes.text)).toEqual(badCall('one'));
    expect((await show(json!)).body.bytes.encoding).toBe('json');
    expect((await show(notUtf8!)).body.bytes).toEqual({
      encoding: 'base64',
      text: Buffer.from(binary).toString('base64'),
    });
  });

  it('that does not exist is 404 and named, and a position that is no number is 400', async () => {
    const missing = await rooms.call('ops', 'GET', `/v1/quarantine/probe/${API}/0/7/0`);
    expect([missing.status, missing.body.detail]).toEqual([404, expect.stringContaining(`${API}/0/7/0`)]);
    expect((await rooms.call('ops', 'GET', `/v1/quarantine/probe/${API}/0/x/0`)).status).toBe(400);
    expect((await rooms.call('ops', 'GET', `/v1/quarantine/probe/${API}/3000000000/0/0`)).status).toBe(400);
  });
});

describe('a decision', () => {
  it('to discard is taken back by reopening, and the history names who, when and why of both', async () => {
    await append(record('isv_a|1', badCall('one')));
    const [item] = (await list()).items;
    const discarded = await command('discard', { items: [item] });
    expect(discarded.body).toMatchObject({
      changed: 1,
      items: [{ outcome: 'discarded', state: 'discarded' }],
    });
    expect((await list()).items).toEqual([]);
    expect((await list('?state=discarded')).items).toMatchObject([
      {
        state: 'discarded',
        ...{ decidedAt: '2026-10-05T08:00:00.000Z', decisionReason: 'agreed with the sender' },
        decidedBy: { id: expect.stringMatching(/^tok_/), name: 'ops ' },
      },
    ]);
    expect((await command('replay', { items: [item] })).body.items).toMatchObject([
      { outcome: 'unchanged', detail: expect.stringContaining('reopen it') },
    ]);
    await command('reopen', { items: [item], reason: 'it was the wrong one' });
    const { body } = await show(item!);
    expect(body.state).toBe('open');
    expect(body.history).toMatchObject([
      { decision: 'discarded', reason: 'agreed with the sender', by: { name: 'ops ' } },
      { decision: 'reopened', reason: 'it was the wrong one', at: '2026-10-05T08:00:00.000Z' },
    ]);
  });

  it('about what was replayed is refused item by item: it is counted and stays so', async () => {
    await append(record('poison-x', sms('poison-x')));
    await runSqlAsOwner(rooms.databaseUrl, 'alter table probe.effect drop constraint effect_what_check');
    const [item] = (await list()).items;
    expect((await command('replay', { items: [item] })).body.changed).toBe(1);
    for (const name of ['discard', 'reopen', 'replay']) {
      expect((await command(name, { items: [item] })).body).toMatchObject({
        changed: 0,
        items: [{ outcome: 'unchanged', state: 'replayed' }],
      });
    }
  });

  it('of one Idempotency-Key is one decision', async () => {
    await append(record('isv_a|1', badCall('one')));
    const [item] = (await list()).items;
    const headers = { 'idempotency-key': 'once' };
    const first = await command('discard', { items: [item] }, headers);
    expect((await command('discard', { items: [item] }, headers)).body).toEqual(first.body);
    expect((await show(item!)).body.history).toHaveLength(1);
  });

  it('by a filter takes 500 items at most and says where to go on', async () => {
    await rooms.databases.get('probe')!.query(
      `insert into quarantine (topic, partition, "offset", index, reason, field, detail, bytes, appended_at, quarantined_at)
       select $1, number % 2, 1000000 + number, 0, 'not_json', '', '', '', $2, $2 from generate_series(1, 502) as number`,
      [API, new Date('2026-10-05T08:00:00Z')],
    );
    await append(record('isv_a|1', badCall('of another reason')));
    const filter = { topic: API, reason: 'not_json' };
    const first = await command('discard', { filter });
    expect([first.body.changed, first.body.items.length]).toEqual([500, 500]);
    expect(first.body.next).toMatchObject({ partition: 1, index: 0 });
    const second = await command('discard', { filter: { ...filter, after: first.body.next as object } });
    expect([second.body.changed, second.body.next]).toEqual([2, null]);
    expect((await list()).body.counts).toEqual([{ reason: 'breaks_schema', count: 1 }]);
  });

  it.each([
    ['without a reason', { reason: ' ', items: [{ topic: API, partition: 0, offset: 0, index: 0 }] }, 400],
    ['that names nothing', {}, 400],
    ['that names items and a filter', { items: [], filter: { topic: API, reason: 'x' } }, 400],
    ['about an item that is not there', { items: [{ topic: API, partition: 0, offset: 9, index: 0 }] }, 404],
    ['in a room that is not here', { room: 'billing', filter: { topic: API, reason: 'x' } }, 404],
  ])('%s is refused', async (_, body, status) => {
    expect((await command('discard', body)).status).toBe(status);
  });

  it('to replay what the room does not read is refused with a sentence', async () => {
    await rooms.databases.get('probe')!.query(
      `insert into quarantine (topic, partition, "offset", index, reason, field, detail, bytes, appended_at, quarantined_at)
       values ('dropped.v1', 0, 0, 0, 'not_json', '', '', '', $1, $1)`,
      [new Date('2026-10-05T08:00:00Z')],
    );
    const items = [{ topic: 'dropped.v1', partition: 0, offset: 0, index: 0 }];
    const answer = await command('replay', { items });
    expect([answer.status, answer.body.detail]).toEqual([409, expect.stringContaining('can be discarded')]);
    expect((await command('discard', { items })).body.changed).toBe(1);
  });

  it.each([
    "update quarantine_decision set reason = 'another'",
    'delete from quarantine_decision',
    'truncate quarantine_decision',
    "update quarantine set bytes = ''",
    "update quarantine set reason = 'not_json', claimed = true",
  ])('may not be undone behind its back: "%s"', async (sql) => {
    expect(await codeOf(sql)).toBe('42501');
  });
});

describe('a call whose day of identities is dropped', () => {
  it('is not replayed, since it could be counted twice, but an old day that is kept will do', async () => {
    await append(record('isv_a|1', call('dropped', 'poison-dropped')));
    await runSqlAsOwner(
      rooms.databaseUrl,
      `alter table probe.effect drop constraint effect_what_check;
       alter table probe.seen_call rename to seen_call_away;
       alter table probe.seen_call_20261005 rename to away`,
    );
    const [item] = (await list()).items;
    const later = await startTestRooms([probeRoom], {
      now: '2026-10-20T08:00:00Z',
      databaseUrl: rooms.databaseUrl,
    });
    const replay = () =>
      later.call('ops', 'POST', '/v1/quarantine/replay', {
        body: { room: 'probe', reason: 'late', items: [item] },
      });
    try {
      expect((await replay()).body.items).toMatchObject([{ outcome: 'still_bad', found: 'identities_gone' }]);
      await runSqlAsOwner(
        rooms.databaseUrl,
        `alter table probe.seen_call_away rename to seen_call;
         alter table probe.away rename to seen_call_20261005`,
      );
      expect((await replay()).body.items).toMatchObject([{ outcome: 'counted' }]);
    } finally {
      await later.stop();
    }
  });
});
