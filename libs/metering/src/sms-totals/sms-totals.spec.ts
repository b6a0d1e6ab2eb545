import { createHash } from 'node:crypto';
import { TOPICS } from '@taxameter/contracts';
import { openRoom } from '@taxameter/platform';
import { runSqlAsOwner } from '@taxameter/platform/testing';
import { recordOf, sms } from '../events.testing.js';
import { hashOfMessage } from './sms-totals.service.js';
import { startMetering, type TestMetering } from '../metering.testing.js';

let metering: TestMetering;
const count: TestMetering['count'] = (...events) => metering.count(...events);
const sql = <Row>(text: string, parameters?: unknown[]) => metering.sql<Row>(text, parameters);

beforeEach(async () => {
  metering = await startMetering();
});

afterEach(async () => {
  await metering?.rooms.stop();
});

describe('SMS totals', () => {
  const hashOf = (messageId: string) =>
    BigInt(`0x${createHash('sha256').update(messageId).digest('hex').slice(0, 16)}`);

  it('are published with count, sum of hashes and the offset at which they hold, test messages among them', async () => {
    const messages = Array.from({ length: 30 }, (_, index) =>
      sms(`m${index}`, '2026-09-15T10:00:00Z', { testMode: index % 7 === 0 }),
    );
    await count(...messages.slice(0, 20));
    await count(...messages);
    const facts = await publishedTotals();
    const totals = [...new Map(facts.map((fact) => [fact.key, fact.data])).values()];
    expect(totals.reduce((sum, total) => sum + total.count, 0)).toBe(30);
    const sumHash = totals.reduce((sum, total) => sum + BigInt(total.sumHash), 0n);
    const expected = messages.reduce((sum, { data }) => sum + hashOf(data.messageId), 0n);
    expect(BigInt.asUintN(64, sumHash)).toBe(BigInt.asUintN(64, expected));
    const ends = await sql<{ partition: number; next_offset: number }>(
      'select partition, next_offset from consumer_position where topic = $1',
      [TOPICS.smsSent.name],
    );
    for (const { partition, asOfOffset, version, quarter, integrationId } of totals) {
      expect({ quarter, integrationId, version }).toEqual({
        quarter: '2026-Q3',
        integrationId: 'isv_a',
        version: asOfOffset,
      });
      expect(asOfOffset).toBeLessThanOrEqual(ends.find((end) => end.partition === partition)!.next_offset);
    }
  });

  const twelve = (prefix: string, time: string) =>
    Array.from({ length: 12 }, (_, index) => sms(`${prefix}-${index}`, time));

  it('use a hash that billing can also compute in SQL, as the README writes it', async () => {
    const [row] = await metering.sql<{ hash: string }>(
      `select (('x' || left(encode(sha256(convert_to($1, 'UTF8')), 'hex'), 16))::bit(64)::bigint)::text as hash`,
      ['besked-æøå'],
    );
    expect(BigInt.asUintN(64, BigInt(row!.hash))).toBe(hashOfMessage('besked-æøå'));
    expect(hashOfMessage('besked-æøå')).toBe(hashOf('besked-æøå'));
  });

  it('hold what lies below their offset in the log, whatever comes after', async () => {
    for (const round of ['a', 'b']) {
      await count(...twelve(`q3-${round}`, '2026-09-15T10:00:00Z'));
      await count(...twelve(`q4-${round}`, '2026-10-02T10:00:00Z'));
    }
    const rows = await sql<{ partition: number; quarter: string; count: number; as_of_offset: number }>(
      'select partition, quarter, count, as_of_offset from sms_total',
    );
    for (const { partition, quarter, count: below, as_of_offset } of rows) {
      const inLog = await offsetsOf(partition, quarter === '2026-Q3' ? 'q3-' : 'q4-');
      expect(inLog.filter((offset) => offset < as_of_offset)).toHaveLength(below);
    }
    expect(rows.reduce((sum, row) => sum + row.count, 0)).toBe(48);
  });

  it('are published again when an SMS is replayed out of quarantine, at the offset of before with a higher version', async () => {
    const late = sms('late', '2026-09-15T10:00:00Z');
    const record = recordOf(late);
    await metering.rooms.producer.append([{ ...record, value: new TextEncoder().encode('{"half') }]);
    await metering.rooms.settle();
    // On the same partition and behind it, so that the total stands at the end of the log already.
    await metering.rooms.producer.append([
      { ...recordOf(sms('behind', '2026-09-15T10:00:00Z')), partition: record.partition },
    ]);
    await metering.rooms.settle();
    await runSqlAsOwner(
      metering.rooms.databaseUrl,
      `update metering.quarantine set bytes = convert_to('${JSON.stringify(late)}', 'UTF8')`,
    );
    const item = { topic: TOPICS.smsSent.name, partition: record.partition, offset: 0, index: 0 };
    const { body } = await metering.rooms.call('ops', 'POST', '/v1/quarantine/replay', {
      body: { room: 'metering', reason: 'the bytes were mended', items: [item] },
    });
    expect(body).toMatchObject({ changed: 1, items: [{ outcome: 'counted' }] });
    await metering.rooms.settle();
    expect((await publishedTotals()).map(({ data }) => data)).toMatchObject([
      { count: 1, asOfOffset: 2, version: 2 },
      { count: 2, asOfOffset: 2, version: 3 },
    ]);
    await metering.rooms.producer.append([
      { ...recordOf(sms('next', '2026-09-15T10:00:00Z')), partition: record.partition },
    ]);
    await metering.rooms.settle();
    expect((await publishedTotals()).at(-1)!.data).toMatchObject({ count: 3, asOfOffset: 3, version: 4 });
  });
});

interface Published {
  readonly key: string;
  readonly data: {
    partition: number;
    asOfOffset: number;
    version: number;
    integrationId: string;
    quarter: string;
    count: number;
    sumHash: string;
  };
}

interface LogRow {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: Buffer;
}

/** What stands in the log, as the log's own role: the room's may not read it. */
async function logOf(topic: string): Promise<LogRow[]> {
  const log = await openRoom(metering.rooms.databaseUrl, { name: 'event-log', migrations: [] });
  try {
    return await log.query<LogRow[]>(
      'select partition, "offset", key, value from log_record where topic = $1 order by partition, "offset"',
      [topic],
    );
  } finally {
    await log.destroy();
  }
}

async function publishedTotals(): Promise<Published[]> {
  return (await logOf(TOPICS.smsTotals.name)).map(({ key, value }) => ({
    key,
    data: (JSON.parse(value.toString()) as { data: Published['data'] }).data,
  }));
}

async function offsetsOf(partition: number, prefix: string): Promise<number[]> {
  return (await logOf(TOPICS.smsSent.name))
    .filter((record) => record.partition === partition && record.key.startsWith(prefix))
    .map((record) => record.offset);
}
