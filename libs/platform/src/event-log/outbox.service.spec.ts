import { pino } from 'pino';
import { TOPICS } from '@taxameter/contracts';
import { fixedClock } from '../clock.js';
import { parseConfiguration } from '../configuration.js';
import { systemActor } from '../database/actor.js';
import { withActor } from '../database/with-actor.service.js';
import { openTestRoom } from '../testing/index.js';
import { probeRoom } from './contract/probe-room.consumer.js';
import { openEventLog, type EventLog } from './open-event-log.service.js';
import { publishFacts, relayOnce, type Fact } from './outbox.service.js';
import { processRecords, readPosition } from './process-records.service.js';
import type { EventLogProducer, NewRecord, StoredRecord } from './record.js';

const clock = fixedClock(new Date('2026-10-05T08:00:00Z'));
let room: Awaited<ReturnType<typeof openTestRoom>>;
let log: EventLog;

beforeEach(async () => {
  room = await openTestRoom(probeRoom);
  log = await openEventLog({
    configuration: parseConfiguration({}),
    databaseUrl: room.url,
    databases: new Map(),
    clock,
    logger: pino({ level: 'silent' }),
  });
});

afterEach(async () => {
  await log?.close();
  await room?.close();
});

const fact = (version: number, partnerId = 'par_1'): Fact => ({
  topic: TOPICS.partners,
  key: `partner|${partnerId}`,
  type: 'dk.dinero.partners.partner_changed.v1',
  time: clock.now(),
  data: {
    partnerId,
    version,
    name: 'Ærø Øl ApS',
    cvr: null,
    vatNumber: null,
    address: null,
    email: null,
    language: 'da',
  } as Fact['data'],
});
const publish = (...facts: Fact[]) =>
  withActor(room.database, systemActor('probe'), (tx) => publishFacts(tx, 'probe', facts));
const waiting = async () =>
  (await room.database.query<[{ count: number }]>('select count(*) as count from outbox'))[0].count;
/** Keeps what was sent, as a log would, and can die after sending. */
const keeper = () => {
  const sent: NewRecord[] = [];
  const append = async (records: readonly NewRecord[]) => void sent.push(...records);
  const crashing: EventLogProducer = {
    append: async (records) => {
      await append(records);
      throw new Error('crashed after sending');
    },
  };
  return { sent, producer: { append } satisfies EventLogProducer, crashing };
};
const versions = (records: readonly NewRecord[]) =>
  records.map(
    ({ value }) => (JSON.parse(Buffer.from(value!).toString()) as { data: { version: number } }).data.version,
  );

describe('the outbox', () => {
  it('sends a fact twice after a crash between sending and deleting, and readers let it take effect once', async () => {
    const { sent, producer, crashing } = keeper();
    await publish(fact(1), fact(2));
    await expect(relayOnce(room.database, crashing)).rejects.toThrow('crashed after sending');
    expect(await waiting()).toBe(2);
    expect(await relayOnce(room.database, producer)).toBe(true);
    expect(await waiting()).toBe(0);
    expect(versions(sent)).toEqual([1, 2, 1, 2]);

    const records = sent.map((record, offset): StoredRecord => ({
      ...record,
      offset,
      appendedAt: clock.now(),
    }));
    const seen: unknown[] = [];
    await readPosition(room.database, TOPICS.partners.name, 0);
    const outcome = await processRecords(
      room.database,
      {
        room: 'probe',
        topic: TOPICS.partners.name,
        types: [],
        handle: async ({ events }) => void seen.push(...events.map(({ event }) => event.id)),
      },
      {
        topic: TOPICS.partners.name,
        partition: 0,
        generation: 0,
        records,
        fromOffset: 0,
        toOffset: records.length,
      },
      clock,
    );
    expect(outcome).toMatchObject({ accounting: { read: 4, counted: 2, duplicate: 2 } });
    expect(seen).toEqual(
      [1, 2].map((version) => `dk.dinero.partners.partner_changed.v1/partner|par_1/${version}`),
    );
  });

  it('holds nothing of a transaction that was rolled back', async () => {
    const work = withActor(room.database, systemActor('probe'), async (tx) => {
      await publishFacts(tx, 'probe', [fact(1)]);
      throw new Error('changed my mind');
    });
    await expect(work).rejects.toThrow('changed my mind');
    expect(await waiting()).toBe(0);
    expect(await relayOnce(room.database, keeper().producer)).toBe(false);
  });

  it('refuses a fact that breaks its own schema, with all that its transaction did', async () => {
    const bad = { ...fact(1), data: { ...fact(1).data, language: 'sv' } as Fact['data'] };
    await expect(publish(fact(1, 'par_2'), bad)).rejects.toThrow(/partner_changed.*data\.language/);
    expect(await waiting()).toBe(0);
  });

  it('is emptied by one relay at a time, in the order of writing', async () => {
    const { sent, producer } = keeper();
    await publish(...Array.from({ length: 250 }, (_, index) => fact(index + 1)));
    let begun = () => {};
    let goOn = () => {};
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
    const slow: EventLogProducer = {
      append: async (records) => {
        begun();
        await mayGoOn;
        await producer.append(records);
      },
    };
    const first = relayOnce(room.database, slow);
    await hasBegun;
    expect(await relayOnce(room.database, slow)).toBe(false);
    goOn();
    expect(await first).toBe(true);
    expect(await waiting()).toBe(50);
    await relayOnce(room.database, slow);
    expect(versions(sent)).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
  });

  it('reaches the real log with the key on its partition', async () => {
    await publish(fact(1), fact(1, 'par_2'));
    await relayOnce(room.database, log.producer);
    const ends = await log.ends();
    expect(ends.find(({ topic }) => topic === TOPICS.partners.name)).toMatchObject({
      partition: 0,
      nextOffset: 2,
    });
  });
});
