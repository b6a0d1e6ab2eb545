import { TOPICS } from '@taxameter/contracts';
import { auditRooms } from '../audit/audit.service.js';
import { parseConfiguration } from '../configuration.js';
import { call, record, sms } from '../event-log/contract/event-log.contract.js';
import { cleanedUpAfterEach, untilTrue } from '../event-log/contract/kafka-rooms.testing.js';
import { probeRoom } from '../event-log/contract/probe-room.consumer.js';
import { OFFSETS_PER_GENERATION } from '../event-log/log-position.js';
import { partitionForKey } from '../event-log/partition-for-key.js';
import { processRecords } from '../event-log/process-records.service.js';
import type { NewRecord } from '../event-log/record.js';
import { httpProbeRoom } from '../http/http-probe-room.testing.js';
import { runSqlAsOwner, startTestRooms, type TestRooms } from '../testing/index.js';
import type { ListedConsumer } from './consumer-routes.js';

const API = TOPICS.apiCalls.name;
const KEY = 'isv_a|1';
const PARTITION = partitionForKey(KEY, TOPICS.apiCalls.partitions);
const DAY = '2026-10-05T08:00:00.000Z';
const after = cleanedUpAfterEach();

/** Rooms that write and do not read, so that the log can be filled, and cut, before the probe reads it. */
async function startWriter(): Promise<TestRooms> {
  const writer = await startTestRooms([httpProbeRoom]);
  after(() => writer.stop());
  return writer;
}

async function startReader(writer: TestRooms): Promise<TestRooms> {
  const reader = await startTestRooms([probeRoom], { databaseUrl: writer.databaseUrl });
  after(() => reader.stop());
  return reader;
}

const calls = (...routes: string[]): NewRecord[] => routes.map((route) => record(KEY, call(route, route)));
const consumerOf = async (reader: TestRooms): Promise<ListedConsumer> => {
  const { body } = await reader.call('ops', 'GET', '/v1/consumers');
  const items = body.items as ListedConsumer[];
  return items.find(({ topic, partition }) => topic === API && partition === PARTITION)!;
};
const inState = (reader: TestRooms, state: string) =>
  untilTrue(() =>
    reader.system
      .consumers()
      .some((status) => status.topic === API && status.partition === PARTITION && status.state === state),
  );
const decide = (reader: TestRooms, body: object, headers: Record<string, string> = {}) =>
  reader.call('ops', 'POST', '/v1/consumers/decisions', {
    body: {
      ...{ room: 'probe', topic: API, partition: PARTITION, seen: { generation: 0, offset: 0 } },
      ...{ reason: 'the disk of the broker was full, case 17', ...body },
    },
    headers,
  });
const effects = (reader: TestRooms) =>
  reader.databases
    .get('probe')!
    .query<{ what: string; offset: number }[]>('select what, "offset" from effect order by "offset"');
const accountOf = async (reader: TestRooms) =>
  (await reader.system.accounting()).partitions.find(
    ({ topic, partition }) => topic === API && partition === PARTITION,
  )!;
const audit = ({ databaseUrl }: TestRooms) =>
  auditRooms([probeRoom], parseConfiguration({ DATABASE_URL: databaseUrl, FIXED_CLOCK: DAY }));

/** Of five calls the first three are gone before anybody read them. */
async function lost(): Promise<TestRooms> {
  const writer = await startWriter();
  await writer.producer.append(calls('/0', '/1', '/2', '/3', '/4'));
  await runSqlAsOwner(writer.databaseUrl, 'delete from event_log.log_record where "offset" < 3');
  const reader = await startReader(writer);
  await inState(reader, 'gap');
  return reader;
}

/** What the log had after it was read is gone, and it counts from 0 again. */
async function madeAnew(before: NewRecord[], anew: NewRecord[]): Promise<TestRooms> {
  const reader = await startReader(await startWriter());
  await reader.producer.append(before);
  await reader.settle();
  await runSqlAsOwner(
    reader.databaseUrl,
    'delete from event_log.log_record; update event_log.log_head set next_offset = 0',
  );
  await reader.producer.append(anew);
  await inState(reader, 'gap');
  return reader;
}

describe('a partition whose next records are lost', () => {
  it('is shown with why it stands still to ops, and without it to everybody', async () => {
    const reader = await lost();
    expect(await consumerOf(reader)).toEqual({
      ...{ room: 'probe', topic: API, partition: PARTITION, state: 'gap', gap: 'lost' },
      reason: 'the database goes on at 0 but the log begins at 3: records are lost',
      ...{ generation: 0, position: 0, logBegin: 3, logEnd: 5, lag: 5, decisions: [] },
    });
    const ready = await reader.call('anonymous', 'GET', '/health/ready');
    expect([ready.status, JSON.stringify(ready.body)]).toEqual([
      503,
      expect.not.stringContaining('the log begins'),
    ]);
    expect((await reader.call('finance', 'GET', '/v1/consumers')).status).toBe(403);
  });

  it('goes on by itself where it is decided, and what was given up stays visible', async () => {
    const reader = await lost();
    const { status, body } = await decide(reader, { kind: 'skip-lost', continueAt: 3 });
    const decision = {
      ...{ room: 'probe', topic: API, partition: PARTITION, kind: 'skip-lost', skipped: 3, at: DAY },
      ...{ from: { generation: 0, offset: 0 }, to: { generation: 0, offset: 3 } },
      ...{ by: { id: expect.any(String), name: 'ops ' }, reason: 'the disk of the broker was full, case 17' },
    };
    expect([status, body]).toEqual([200, decision]);
    await reader.settle();
    expect(await effects(reader)).toEqual([
      { what: '/3', offset: 3 },
      { what: '/4', offset: 4 },
    ]);
    expect(await accountOf(reader)).toMatchObject({ read: 2, counted: 2, skipped: 3, nextOffset: 5, lag: 0 });
    expect(await consumerOf(reader)).toMatchObject({
      ...{ state: 'running', reason: null, gap: null, position: 5, lag: 0 },
      decisions: [decision],
    });
    expect((await reader.call('anonymous', 'GET', '/health/ready')).status).toBe(200);
  });

  it('is no difference to the audit once it is decided, but is said with who and why', async () => {
    const reader = await lost();
    expect((await decide(reader, { kind: 'skip-lost', continueAt: 4 })).status).toBe(200);
    await reader.settle();
    const { differences, notes } = await audit(reader);
    expect(differences).toEqual([]);
    expect(notes).toContainEqual(
      expect.objectContaining({
        ...{ topic: API, partition: PARTITION, fromOffset: 0, toOffset: 4 },
        detail: `these offsets were lost and given up: decided by ops at ${DAY}: the disk of the broker was full, case 17`,
      }),
    );
    // A hole that nobody decided about is one.
    await runSqlAsOwner(reader.databaseUrl, 'truncate probe.consumer_decision');
    expect((await audit(reader)).differences).toMatchObject([
      { check: 'ranges', fromOffset: 0, toOffset: 4 },
    ]);
  });
});

describe('a partition whose topic was made anew', () => {
  it('reads the new log from its beginning, and counts what it knows no second time', async () => {
    const reader = await madeAnew(calls('/0', '/1', '/2'), calls('/2', '/new'));
    expect(await consumerOf(reader)).toMatchObject({ gap: 'another_log', position: 3, logEnd: 2, lag: null });
    const seen = { generation: 0, offset: 3 };
    const { body } = await decide(reader, { kind: 'new-log', continueAt: 0, seen });
    expect(body).toMatchObject({ from: seen, to: { generation: 1, offset: 0 }, skipped: 0 });
    await reader.settle();
    expect(await effects(reader)).toEqual([
      { what: '/0', offset: 0 },
      { what: '/1', offset: 1 },
      { what: '/2', offset: 2 },
      { what: '/new', offset: OFFSETS_PER_GENERATION + 1 },
    ]);
    expect(await accountOf(reader)).toMatchObject({ read: 5, counted: 4, duplicate: 1, nextOffset: 2 });
    const ranges = await reader.call('ops', 'GET', '/v1/accounting/ranges?limit=1');
    const next = await reader.call('ops', 'GET', `/v1/accounting/ranges?cursor=${ranges.body.nextCursor}`);
    expect([...ranges.body.items, ...next.body.items]).toMatchObject([
      { generation: 0, fromOffset: 0, toOffset: 3 },
      { generation: 1, fromOffset: 0, toOffset: 2 },
    ]);
    const { differences, notes } = await audit(reader);
    expect(differences).toEqual([]);
    expect(notes).toContainEqual(
      expect.objectContaining({
        fromOffset: 0,
        toOffset: 3,
        detail: expect.stringContaining('generation 1 is read from 0'),
      }),
    );
  });

  it('stands still also when the new log has grown past the position, and may be decided about then', async () => {
    const reader = await madeAnew(calls('/0', '/1'), calls('/new'));
    await reader.producer.append(calls('/a', '/b', '/c'));
    const seen = { generation: 0, offset: 2 };
    const skip = await decide(reader, { kind: 'skip-lost', continueAt: 4, seen });
    expect([skip.status, skip.body.type]).toEqual([409, 'urn:taxameter:problem:another-log']);
    expect(await accountOf(reader)).toMatchObject({ read: 2 });
    expect((await decide(reader, { kind: 'new-log', continueAt: 0, seen })).status).toBe(200);
    await reader.settle();
    expect((await effects(reader)).map(({ what }) => what)).toEqual(['/0', '/1', '/new', '/a', '/b', '/c']);
  });

  it('fences a reader of the old log that comes back when the new one has reached the same offset', async () => {
    const reader = await madeAnew(calls('/0', '/1'), calls('/a'));
    await decide(reader, { kind: 'new-log', continueAt: 0, seen: { generation: 0, offset: 2 } });
    await reader.settle();
    await reader.producer.append(calls('/b'));
    await reader.settle();
    const stale = { ...record(KEY, call('stale', '/stale')), offset: 2, appendedAt: reader.clock.now() };
    const range = { topic: API, partition: PARTITION, generation: 0, fromOffset: 2, toOffset: 3 };
    const subscription = { room: 'probe', topic: API, types: [], handle: () => Promise.resolve() };
    const outcome = await processRecords(
      reader.databases.get('probe')!,
      subscription,
      { ...range, records: [stale] },
      reader.clock,
    );
    expect(outcome).toEqual({ kind: 'fenced' });
  });

  it('keeps bad events of both logs at the same offset apart, each to be shown and replayed', async () => {
    const bad = (id: string) => record(KEY, { ...call(id), data: { ...call(id).data, status: 'x' } });
    const reader = await madeAnew([bad('old'), ...calls('/1')], [bad('new')]);
    await decide(reader, { kind: 'new-log', continueAt: 0, seen: { generation: 0, offset: 2 } });
    await reader.settle();
    const path = `/v1/quarantine/probe/${API}/${PARTITION}/0/0`;
    const idAt = async (query: string) => {
      const { body } = await reader.call('ops', 'GET', path + query);
      return [body.generation, (JSON.parse(body.bytes.text as string) as { id: string }).id];
    };
    expect([await idAt(''), await idAt('?generation=0'), await idAt('?generation=1')]).toEqual([
      [1, 'new'],
      [0, 'old'],
      [1, 'new'],
    ]);
    await runSqlAsOwner(
      reader.databaseUrl,
      `update probe.quarantine set bytes = convert_to(replace(convert_from(bytes, 'UTF8'), '"x"', '200'), 'UTF8')`,
    );
    const item = { topic: API, partition: PARTITION, offset: 0, index: 0 };
    const replay = async (items: object[]) => {
      const reason = 'the bytes were mended';
      const body = { room: 'probe', reason, items };
      return (await reader.call('ops', 'POST', '/v1/quarantine/replay', { body })).body;
    };
    expect(await replay([{ ...item, generation: 0 }, item])).toMatchObject({
      changed: 2,
      items: [
        { generation: 0, outcome: 'counted' },
        { generation: 1, outcome: 'counted' },
      ],
    });
    expect((await effects(reader)).map(({ offset }) => offset)).toEqual([0, 1, OFFSETS_PER_GENERATION]);
  });
});

describe('a decision', () => {
  it('is refused where the position is not the one that was seen', async () => {
    const reader = await lost();
    // As another reader, or another person, would have moved it: still in the gap.
    await reader.databases.get('probe')!.query('update consumer_position set next_offset = 1');
    const { status, body } = await decide(reader, { kind: 'skip-lost', continueAt: 3 });
    expect([status, body.type, body.detail]).toEqual([
      409,
      'urn:taxameter:problem:position-moved',
      expect.stringContaining(`probe stands at 1 of ${API} ${PARTITION} in generation 0, not at 0`),
    ]);
    expect((await consumerOf(reader)).decisions).toEqual([]);
  });

  it('is one of two that are made at the same moment, and the other hears that the position was moved', async () => {
    const reader = await lost();
    const database = reader.databases.get('probe')!;
    const both = await database.transaction(async (tx) => {
      await tx.query('select from consumer_position for update');
      const decisions = [3, 4].map((at) => decide(reader, { kind: 'skip-lost', continueAt: at }));
      await untilTrue(async () => {
        const waiting = "select from pg_locks where not granted and locktype in ('tuple', 'transactionid')";
        return (await database.query<unknown[]>(waiting)).length >= 2;
      });
      return decisions;
    });
    const answers = await Promise.all(both.map(async (decision) => (await decision).body.type as unknown));
    expect(answers.filter((type) => type !== undefined)).toEqual(['urn:taxameter:problem:position-moved']);
    expect((await consumerOf(reader)).decisions).toHaveLength(1);
  });

  it('of one Idempotency-Key is one decision, and its answer is given again when the gap is long closed', async () => {
    const reader = await lost();
    const headers = { 'idempotency-key': 'once' };
    const first = await decide(reader, { kind: 'skip-lost', continueAt: 3 }, headers);
    await reader.settle();
    const again = await decide(reader, { kind: 'skip-lost', continueAt: 3 }, headers);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect((await consumerOf(reader)).decisions).toHaveLength(1);
  });

  it('is about the log as it is now: where it has what comes next, nothing is to be decided', async () => {
    const reader = await startReader(await startWriter());
    await reader.producer.append(calls('/0'));
    await reader.settle();
    const { status, body } = await decide(reader, {
      ...{ kind: 'skip-lost', continueAt: 1, seen: { generation: 0, offset: 1 } },
    });
    expect([status, body.type]).toEqual([409, 'urn:taxameter:problem:no-gap']);
    expect(body.detail).toContain('goes on at 1 and the log has 0 to 1');
  });

  it.each([
    ['without a reason', { reason: ' ' }, 400],
    ['of a kind that there is not', { kind: 'skip' }, 400],
    ['without the position that was seen', { seen: undefined }, 400],
    ['in a room that is not here', { room: 'billing' }, 404],
    ['about a topic that the room does not read', { topic: TOPICS.documents.name }, 404],
    ['about a partition that there is not', { partition: 99 }, 404],
  ])('%s is refused', async (_, body, status) => {
    const reader = await startReader(await startWriter());
    const whole = { kind: 'skip-lost', continueAt: 1, ...body };
    expect((await decide(reader, whole)).status).toBe(status);
  });

  it('may not be undone behind its back, and not be taken by finance', async () => {
    const reader = await lost();
    const answer = await reader.call('finance', 'POST', '/v1/consumers/decisions', { body: {} });
    expect(answer.status).toBe(403);
    const database = reader.databases.get('probe')!;
    for (const sql of ["update consumer_decision set reason = 'x'", 'delete from consumer_decision']) {
      await expect(database.query(sql)).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('about one topic leaves the others alone', async () => {
    const reader = await lost();
    await decide(reader, { kind: 'skip-lost', continueAt: 3 });
    await reader.producer.append([record('m', sms('m'))]);
    await reader.settle();
    const { partitions } = await reader.system.accounting();
    expect(partitions.filter(({ skipped }) => skipped > 0)).toHaveLength(1);
  });
});
