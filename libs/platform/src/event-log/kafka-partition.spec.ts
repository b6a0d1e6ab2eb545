import { pino } from 'pino';
import { TOPICS } from '@taxameter/contracts';
import type { EachBatchPayload } from 'kafkajs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fixedClock } from '../clock.js';
import { openTestRoom } from '../testing/index.js';
import type { PartitionStatus } from './consumer-state.js';
import { cleanedUpAfterEach, untilTrue } from './contract/kafka-rooms.testing.js';
import { probeRoom } from './contract/probe-room.consumer.js';
import type { EventBatch } from './event-batch.js';
import { KafkaPartition } from './kafka-partition.service.js';
import { Places } from './waiting.service.js';

/** What a partition does with batches that Kafka hands over in ways that are hard to bring about from outside. */

const after = cleanedUpAfterEach();
const APPENDED_AT = String(Date.parse('2026-10-05T08:00:00Z'));
const topic = TOPICS.partners.name;
const fact = (version: number) =>
  JSON.stringify({
    specversion: '1.0',
    id: `par_1/${version}`,
    source: '/taxameter/partners',
    type: 'dk.dinero.partners.partner_changed.v1',
    time: '2026-10-05T07:00:00Z',
    data: {
      partnerId: 'par_1',
      version,
      ...{ name: 'Eksempel ApS', cvr: null, vatNumber: null, address: null, email: null, language: 'da' },
    },
  });

async function partitionAt(
  position: number,
  handle: (batch: EventBatch) => Promise<void>,
  places = new Places(1),
) {
  const room = await openTestRoom(probeRoom);
  after(() => room.close());
  await room.database.query(
    'insert into consumer_position (topic, partition, next_offset) values ($1, 0, $2)',
    [topic, position],
  );
  const status: PartitionStatus = {
    ...{ room: 'probe', topic, partition: 0, state: 'joining', reason: null, gap: null },
    ...{ generation: 0, nextOffset: 0, logEnd: 0, nextAppendedAt: null },
  };
  const seeks: number[] = [];
  const steps: string[] = [];
  const consumer = {
    seek: (_topic: string, _partition: number, offset: number) => void seeks.push(offset),
    pause: () => void steps.push('pause'),
    resume: () => void steps.push('resume'),
    extentOf: () => Promise.resolve({ first: 0, next: 10_000 }),
  };
  const subscription = { room: 'probe', topic, types: [], handle };
  const clock = fixedClock(new Date('2026-10-05T08:00:00Z'));
  const work = { database: room.database, subscription, status, clock, logger: pino({ level: 'silent' }) };
  const partition = new KafkaPartition(work, consumer, places, new AbortController().signal);
  partition.begin();
  const ranges = () =>
    room.database.query<unknown[]>(
      'select from_offset, to_offset, read, counted, ignored from consumer_accounting order by from_offset',
    );
  return { partition, status, seeks, steps, database: room.database, ranges };
}

/** Offsets with their values; null is a tombstone. */
function payload(
  records: readonly (readonly [number, string | null])[],
  { from = records[0]![0], to = records.at(-1)![0], heartbeat = () => Promise.resolve() } = {},
) {
  const resolved: number[] = [];
  const given = {
    batch: {
      ...{ topic, partition: 0, highWatermark: String(to + 1), fetchedOffset: String(from) },
      lastOffset: () => String(to),
      messages: records.map(([offset, value]) => ({
        ...{
          offset: String(offset),
          key: Buffer.from('partner|par_1'),
          attributes: 0,
          timestamp: APPENDED_AT,
        },
        value: value === null ? null : Buffer.from(value),
        headers: { 'content-type': 'application/cloudevents+json' },
      })),
    },
    isStale: () => false,
    resolveOffset: (offset: string) => void resolved.push(Number(offset)),
    pause: () => () => undefined,
    commitOffsetsIfNecessary: () => Promise.reject(new Error('only a hint')),
    heartbeat,
  };
  return { given: given as unknown as EachBatchPayload, resolved };
}

const facts = (...offsets: number[]) => offsets.map((offset) => [offset, fact(offset + 1)] as const);

describe('a batch from Kafka', () => {
  it('that begins below the position is cut to what is new', async () => {
    const handed: number[] = [];
    const { partition, status, ranges } = await partitionAt(2, async (batch) => {
      handed.push(...batch.events.map(({ position }) => position.offset));
    });
    const { given, resolved } = payload(facts(0, 1, 2, 3));
    await partition.take(given);
    await partition.settled();
    expect(handed).toEqual([2, 3]);
    expect(await ranges()).toEqual([{ from_offset: 2, to_offset: 4, read: 2, counted: 2, ignored: 0 }]);
    expect(status.nextOffset).toBe(4);
    expect(resolved.at(-1)).toBe(3);
  });

  it('that lies below the position is left, and reading goes on at the position', async () => {
    const { partition, seeks, ranges } = await partitionAt(7, async () => undefined);
    await partition.take(payload(facts(0, 1, 2)).given);
    await partition.settled();
    expect(await ranges()).toEqual([]);
    expect(seeks.at(-1)).toBe(7);
  });

  it('of a log that became shorter than the position is a gap, not read on when it has grown again', async () => {
    const { partition, status, ranges } = await partitionAt(20_000, async () => undefined);
    status.nextOffset = 20_000;
    await partition.take(payload(facts(0, 1, 2)).given);
    await untilTrue(() => status.state === 'gap');
    expect(status.reason).toContain('the log ends at 10000: the topic was made anew');
    expect(await ranges()).toEqual([]);
  });

  it('that was fetched from beyond the position is not taken: kafkajs has jumped', async () => {
    const { partition, seeks, ranges } = await partitionAt(2, async () => undefined);
    await partition.take(payload(facts(5, 6)).given);
    await partition.settled();
    expect(await ranges()).toEqual([]);
    await sleep(100);
    expect(seeks).toEqual([2, 2]);
  });

  it('with holes where records were compacted away or are control records moves the position over them', async () => {
    const { partition, status, ranges } = await partitionAt(2, async () => undefined);
    await partition.take(payload(facts(4, 8), { from: 2, to: 11 }).given);
    await partition.settled();
    expect(await ranges()).toEqual([{ from_offset: 2, to_offset: 12, read: 2, counted: 2, ignored: 0 }]);
    expect(status.nextOffset).toBe(12);
  });

  it('of more than 5,000 records is committed in pieces that follow one another', async () => {
    const { partition, ranges } = await partitionAt(0, async () => undefined);
    const tombstones = Array.from({ length: 5_001 }, (_, offset) => [offset, null] as const);
    await partition.take(payload(tombstones).given);
    await partition.settled();
    expect(await ranges()).toEqual([
      { from_offset: 0, to_offset: 5_000, read: 5_000, counted: 0, ignored: 5_000 },
      { from_offset: 5_000, to_offset: 5_001, read: 1, counted: 0, ignored: 1 },
    ]);
  });

  it('that waits for the database is given back when the membership is lost, and nothing of it is done', async () => {
    let attempts = 0;
    const { partition, status, ranges } = await partitionAt(0, async () => {
      attempts += 1;
      throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
    });
    await partition.take(payload(facts(0)).given);
    const rebalancing = Object.assign(new Error('The group is rebalancing'), {
      type: 'REBALANCE_IN_PROGRESS',
    });
    const heartbeat = () => Promise.reject(attempts > 1 ? rebalancing : new Error('no connection now'));
    const next = payload(facts(1), { heartbeat });
    await expect(partition.take(next.given)).rejects.toBe(rebalancing);
    expect(attempts).toBeGreaterThan(1);
    partition.release();
    await partition.settled();
    expect(status.state).toBe('retrying');
    expect(next.resolved).toEqual([]);
    expect(await ranges()).toEqual([]);
  });

  it('is handed over before its work is done, and the next of its partition waits for that', async () => {
    const handed: number[] = [];
    let finish = () => {};
    const { partition, ranges } = await partitionAt(0, async (batch) => {
      handed.push(...batch.events.map(({ position }) => position.offset));
      if (handed.length === 2) await new Promise<void>((resolve) => (finish = resolve));
    });
    const [first, second] = [payload(facts(0, 1)), payload(facts(2, 3))];
    await partition.take(first.given);
    expect(first.resolved).toEqual([1]);
    await untilTrue(() => handed.length === 2);
    const taken = partition.take(second.given);
    await sleep(50);
    expect([handed, second.resolved, await ranges()]).toEqual([[0, 1], [], []]);
    finish();
    await taken;
    await partition.settled();
    expect(handed).toEqual([0, 1, 2, 3]);
    expect(await ranges()).toHaveLength(2);
  });

  it('that was fetched ahead of one that came to nothing is not taken, and reading goes back', async () => {
    const { partition, seeks, status, database, ranges } = await partitionAt(0, async () => undefined);
    await untilTrue(() => status.state === 'running');
    // Another reader was faster by one.
    await database.query('update consumer_position set next_offset = 1');
    await partition.take(payload(facts(0, 1)).given);
    await partition.take(payload(facts(2, 3)).given);
    await partition.settled();
    await untilTrue(() => seeks.length > 2);
    expect(seeks.slice(1)).toEqual([1, 1]);
    expect(await ranges()).toEqual([]);
    await partition.take(payload(facts(1, 2)).given);
    await partition.settled();
    expect(await ranges()).toEqual([{ from_offset: 1, to_offset: 3, read: 2, counted: 2, ignored: 0 }]);
  });

  it('that is tried again and again keeps no other partition from going on, and its own goes on afterwards', async () => {
    const places = new Places(1);
    let isTrouble = true;
    const troubled = await partitionAt(
      0,
      async () => {
        if (isTrouble) throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
      },
      places,
    );
    await troubled.partition.take(payload(facts(0)).given);
    const next = payload(facts(1));
    await troubled.partition.take(next.given);
    expect(next.resolved).toEqual([]);
    expect(troubled.steps).toEqual(['resume', 'pause']);

    const other = await partitionAt(0, async () => undefined, places);
    await other.partition.take(payload(facts(0)).given);
    await other.partition.settled();
    expect(other.status.nextOffset).toBe(1);

    isTrouble = false;
    await untilTrue(() => troubled.steps.length === 3);
    expect(troubled.steps).toEqual(['resume', 'pause', 'resume']);
    expect(troubled.seeks).toEqual([0, 1]);
    await troubled.partition.take(payload(facts(1)).given);
    await troubled.partition.settled();
    expect(troubled.status.nextOffset).toBe(2);
  });

  it('of one partition leaves room for another only when there are places', async () => {
    const places = new Places(1);
    const giveBack = await places.take(new AbortController().signal);
    const tired = new AbortController();
    const given = places.take(tired.signal);
    const waiting = places.take(new AbortController().signal);
    tired.abort();
    expect(await given).toBeUndefined();
    giveBack!();
    expect(await waiting).toBeDefined();
  });

  it('does not throw into kafkajs when an invariant of ours is broken: only this partition stops', async () => {
    const { partition, status } = await partitionAt(0, () => Promise.reject(new Error('ours is broken')));
    await partition.take(payload(facts(0)).given);
    await partition.settled();
    expect(status).toMatchObject({ state: 'stopped', reason: 'ours is broken', nextOffset: 0 });
  });
});
